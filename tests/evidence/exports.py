"""Ordinary exports: what programs and people write, and what must come of it.

Each is small text, encoded as its program does it. Trials: two of the BCG vaccine (cases of
tuberculosis), two of stroke units (days in hospital), the rest is made up of round figures.
"""

# ruff: noqa: E501 (an export is read as one piece)

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from xml.sax.saxutils import escape

import pandas as pd


@dataclass(frozen=True, kw_only=True)
class Export:
    """A file, and the columns that must be read or the words of its refusal."""

    content: bytes
    read: dict[str, list[object]] | None = None
    refused: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    sheet: str | None = None
    where: dict[str, str] | None = None


EXPORTS: dict[str, Export] = {}
A, B = "Aronson 1948", "Ferguson 1949"
EVENTS = {"events_t": [4, 6], "n_t": [123, 306], "events_c": [11, 29], "n_c": [139, 303]}
MEANS = {"mean_t": [55.5, 27], "sd_t": [47, 7.25], "n_t": [155, 31],
         "mean_c": [75, 29], "sd_c": [64, 4.5], "n_c": [156, 32]}  # fmt: skip
RATIO = {"estimate": [0.41, 0.2], "ci_low": [0.13, 0.09], "ci_high": [1.26, 0.49]}
YIVI = {"yi": [-0.89, -1.59], "vi": [0.33, 0.19]}


def reads(
    name: str,
    text: str,
    *columns: dict[str, list[object]],
    encoding: str = "utf-8",
    newline: str = "\n",
    said: tuple[str, ...] = (),
    label: list[object] | None = None,
    **how: object,
) -> None:
    """Add a file that must be read."""
    wanted = {} if label == [] else {"label": label or [A, B]}
    for part in columns:
        wanted |= part
    content = text.strip("\n").replace("\n", newline).encode(encoding)
    EXPORTS[name] = Export(content=content, read=wanted, said=said, **how)  # type: ignore[arg-type]


def refuses(name: str, text: str, *words: str, encoding: str = "utf-8", **how: object) -> None:
    """Add a file that must be refused in these words."""
    content = text.strip("\n").encode(encoding)
    EXPORTS[name] = Export(content=content, refused=words, **how)  # type: ignore[arg-type]


# --- delimiters, signs, encodings -----------------------------------------------------------------

COMMAS = (
    f"Study,Events treated,N treated,Events control,N control\n{A},4,123,11,139\n{B},6,306,29,303\n"
)
reads("commas", COMMAS, EVENTS)
reads("semicolons", COMMAS.replace(",", ";"), EVENTS)
reads("tabs", COMMAS.replace(",", "\t"), EVENTS)
reads("bars", COMMAS.replace(",", "|"), EVENTS)
reads("Windows line ends", COMMAS, EVENTS, newline="\r\n")
reads("old Macintosh line ends", COMMAS, EVENTS, newline="\r")
reads("UTF-8 with mark", COMMAS, EVENTS, encoding="utf-8-sig")
reads("UTF-16 with mark", COMMAS.replace(",", "\t"), EVENTS, encoding="utf-16", said=("UTF-16",))
reads("UTF-16 LE without mark", COMMAS, EVENTS, encoding="utf-16-le")
reads("UTF-16 BE without mark", COMMAS, EVENTS, encoding="utf-16-be")
reads("UTF-32", COMMAS, EVENTS, encoding="utf-32")
reads("sep line of Excel", "sep=;\n" + COMMAS.replace(",", ";"), EVENTS)
reads("blank lines between", COMMAS.replace("\n", "\n\n"), EVENTS)
reads(
    "aligned by blanks", "study yi vi\nA   -0.89   0.33\nB   -1.59   0.19", YIVI, label=["A", "B"]
)
reads(
    "write.table of R",
    '"study" "yi" "vi"\n"1" "A" -0.89 0.33\n"2" "B" -1.59 0.19',
    YIVI,
    label=["A", "B"],
)
reads(
    "write.csv2 of R",
    '"";"slab";"yi";"vi"\n"1";"A";-0,89;0,33\n"2";"B";-1,59;0,19',
    YIVI,
    label=["A", "B"],
)
UMLAUT = "Studie;OR;KI unten;KI oben\nMüller 1948;0,41;0,13;1,26\nGötz 1949;0,2;0,09;0,49\n"
for encoding in ("cp1252", "latin-1"):
    reads(
        f"German in {encoding}",
        UMLAUT,
        RATIO,
        encoding=encoding,
        label=["Müller 1948", "Götz 1949"],
    )
reads(
    "German in Mac Roman",
    UMLAUT,
    RATIO,
    encoding="mac-roman",
    newline="\r",
    label=["Müller 1948", "Götz 1949"],
    said=("Mac",),
)
reads(
    "thin spaces between thousands",
    "study,events_t,n_t,events_c,n_c\nA,62,13\u2009598,248,12\u202f867\n",
    {"n_t": [13598], "n_c": [12867]},
    label=["A"],
)
reads(
    "apostrophes between thousands",
    "study;events_t;n_t;events_c;n_c\nA;62;13'598;248;12’867\n",
    {"n_t": [13598], "n_c": [12867]},
    label=["A"],
)
reads(
    "quoted thousands",
    'study,events_t,n_t,events_c,n_c\nA,62,"13,598",248,"12,867"\n',
    {"n_t": [13598], "n_c": [12867]},
    label=["A"],
)
reads(
    "points between thousands",
    "Studie;Ereignisse BCG;N BCG;Ereignisse Kontrolle;N Kontrolle\nA;62;13.598;248;12.867\n",
    {"n_t": [13598], "n_c": [12867]},
    label=["A"],
)
reads(
    "points and commas of Germany",
    "study;mean_t;sd_t;n_t;mean_c;sd_c;n_c\nA;1.234,5;310,25;40;1.100,0;299,5;41\n",
    {"mean_t": [1234.5], "sd_c": [299.5]},
    label=["A"],
)
reads(
    "quoted everything",
    '"Study","yi","vi"\n"A","-0.89","0.33"\n"B","-1.59","0.19"\n',
    YIVI,
    label=["A", "B"],
)
reads(
    "quoted line break in a cell",
    'Study,yi,vi,comment\nA,-0.89,0.33,"two\nlines"\nB,-1.59,0.19,\n',
    YIVI,
    label=["A", "B"],
)
reads(
    "excel formulas as text",
    'Study,yi,vi\nA,"=""-0.89""","=""0.33"""\nB,"=""-1.59""","=""0.19"""\n',
    YIVI,
    label=["A", "B"],
)
reads(
    "minus signs of typographers",
    "study,yi,vi\nA,\u22120.89,0.33\nB,\u20131.59,0.19\n",
    YIVI,
    label=["A", "B"],
)
reads("exponents", "study,yi,vi\nA,-8.9e-1,3.3E-01\nB,-1.59E+00,1.9e-1\n", YIVI, label=["A", "B"])
reads(
    "exponents by ×10",
    "study,yi,vi\nA,-0.89,3.3×10^-1\nB,-1.59,1.9 x 10-1\n",
    YIVI,
    label=["A", "B"],
)
reads("points without nought", "study,yi,vi\nA,-.89,.33\nB,-1.59,.19\n", YIVI, label=["A", "B"])
reads(
    "plus signs",
    "study,yi,vi\nA,+0.89,0.33\nB,+1.59,0.19\n",
    {"yi": [0.89, 1.59]},
    label=["A", "B"],
)
reads("dots of the middle", "study,yi,vi\nA,-0·89,0·33\nB,-1·59,0·19\n", YIVI, label=["A", "B"])
refuses(
    "decimal commas in commas",
    "study,yi,vi\nA,-0,89,0,33\nB,-1,59,0,19\n",
    "5 cells",
    "decimal comma",
)
refuses("ten of a kind of delimiters", "study;yi;vi\nA;-0,89;0.33\nB;-1.59;0.19\n", "decimal")
refuses("an open quote", 'study,yi,vi\n"A,-0.89,0.33\nB,-1.59,0.19\n', "quotation mark")

# --- what stands around a table -------------------------------------------------------------------

reads(
    "title lines",
    "Figure 2. Forest plot\nAnalysed 3 May 2024\n\n" + COMMAS,
    EVENTS,
    said=("above the header", "Figure 2"),
)
reads("title lines padded", "My review,,,,\n,,,,\n" + COMMAS, EVENTS, said=("My review",))
reads(
    "footnotes",
    COMMAS + "\n* Data from the authors on request\nSource: trial reports\n",
    EVENTS,
    said=("below the table",),
)
reads(
    "footnotes padded",
    COMMAS + "Note: all figures from the papers,,,,\n",
    EVENTS,
    said=("below the table",),
)
reads(
    "comment lines", "# exported 2024-05-03\n# by somebody\n" + COMMAS, EVENTS, said=("exported",)
)
reads(
    "blank columns",
    "Study,,Events treated,N treated,,Events control,N control,\n"
    f"{A},,4,123,,11,139,\n{B},,6,306,,29,303,\n",
    EVENTS,
)
reads("blank first column", ",Study,yi,vi\n,A,-0.89,0.33\n,B,-1.59,0.19\n", YIVI, label=["A", "B"])
reads(
    "blanks around cells",
    " Study , yi , vi \n A , -0.89 , 0.33 \n B , -1.59 , 0.19 \n",
    YIVI,
    label=["A", "B"],
)
reads(
    "row names of R",
    '"","study","yi","vi"\n"1","A",-0.89,0.33\n"2","B",-1.59,0.19\n',
    YIVI,
    label=["A", "B"],
)
reads(
    "row names are the studies",
    '"","yi","vi"\n"A",-0.89,0.33\n"B",-1.59,0.19\n',
    YIVI,
    label=["A", "B"],
)
reads(
    "index of pandas",
    "Unnamed: 0,study,yi,vi\n0,A,-0.89,0.33\n1,B,-1.59,0.19\n",
    YIVI,
    label=["A", "B"],
)
reads(
    "a header of two rows",
    ",BCG,,Control,\nStudy,Events,Total,Events,Total\nAronson 1948,4,123,11,139\nFerguson 1949,6,306,29,303\n",
    EVENTS,
)
reads(
    "a header of two rows, repeated",
    "Study,BCG,BCG,Control,Control\n,Events,Total,Events,Total\nAronson 1948,4,123,11,139\nFerguson 1949,6,306,29,303\n",
    EVENTS,
)
reads(
    "names above, units below",
    "Study,Mean treated,SD treated,N treated,Mean control,SD control,N control\n,days,days,,days,days,\nA,55.5,47,155,75,64,156\nB,27,7.25,31,29,4.5,32\n",
    MEANS,
    label=["A", "B"],
    said=("days",),
)
reads("header again on each page", COMMAS + COMMAS.splitlines()[0] + "\n", EVENTS, said=("header",))
for total in (
    "Total",
    "Overall",
    "Subtotal (95% CI)",
    "Total (I2 = 45%)",
    "Pooled estimate",
    "Random effects model",
    "RE Model",
    "Gesamt",
    "Summe",
    "TOTAL",
    "Total events",
    "Insgesamt",
    "Ensemble",
    "Totale",
    "Totaal",
    "Combined",
    "Fixed effect",
    "Summary effect",
    "Heterogeneity: Tau2 = 0.1",
):
    refuses(f"sum {total}", COMMAS + f"{total},10,429,40,442\n", "line 4", "sum of the others")

# --- words of other languages ---------------------------------------------------------------------

LANGUAGES = {
    "German": "Studie;Ereignisse Intervention;Anzahl Intervention;Ereignisse Kontrolle;Anzahl Kontrolle",
    "French": "Étude;Événements traitement;Effectif traitement;Événements témoin;Effectif témoin",
    "Spanish": "Estudio;Eventos tratamiento;N tratamiento;Eventos control;N control",
    "Portuguese": "Estudo;Eventos tratamento;N tratamento;Eventos controle;N controle",
    "Italian": "Studio;Eventi trattamento;N trattamento;Eventi controllo;N controllo",
    "Dutch": "Studie;Gebeurtenissen interventie;Aantal interventie;Gebeurtenissen controle;Aantal controle",
}
for language, header in LANGUAGES.items():
    reads(f"{language}, events", f"{header}\n{A};4;123;11;139\n{B};6;306;29;303\n", EVENTS)
LANGUAGES = {
    "German": "Autor;Jahr;Mittelwert IG;SD IG;N IG;Mittelwert KG;SD KG;N KG",
    "French": "Auteur;Année;Moyenne groupe expérimental;Écart type groupe expérimental;N groupe expérimental;Moyenne groupe contrôle;Écart type groupe contrôle;N groupe contrôle",
    "Spanish": "Autor;Año;Media grupo experimental;Desviación estándar grupo experimental;N grupo experimental;Media grupo control;Desviación estándar grupo control;N grupo control",
    "Portuguese": "Autor;Ano;Média intervenção;Desvio padrão intervenção;N intervenção;Média controle;Desvio padrão controle;N controle",
    "Italian": "Autore;Anno;Media trattati;Deviazione standard trattati;N trattati;Media controlli;Deviazione standard controlli;N controlli",
    "Dutch": "Auteur;Jaar;Gemiddelde interventie;Standaarddeviatie interventie;N interventie;Gemiddelde controle;Standaarddeviatie controle;N controle",
}
for language, header in LANGUAGES.items():
    reads(
        f"{language}, means",
        f"{header}\nAronson;1948;55,5;47;155;75;64;156\nFerguson;1949;27;7,25;31;29;4,5;32\n",
        MEANS,
    )
LANGUAGES = {
    "German": "Studie;Effektschätzer;Untere Grenze 95%-KI;Obere Grenze 95%-KI",
    "French": "Étude;RR;IC95% inférieur;IC95% supérieur",
    "Spanish": "Estudio;RR;Límite inferior IC 95%;Límite superior IC 95%",
    "Portuguese": "Estudo;RR;IC95% inferior;IC95% superior",
    "Italian": "Studio;RR;Limite inferiore IC 95%;Limite superiore IC 95%",
    "Dutch": "Studie;RR;Ondergrens 95%-BI;Bovengrens 95%-BI",
}
for language, header in LANGUAGES.items():
    reads(f"{language}, ratios", f"{header}\n{A};0,41;0,13;1,26\n{B};0,2;0,09;0,49\n", RATIO)

# --- programs -------------------------------------------------------------------------------------

reads(
    "metafor, means",
    "study,m1i,sd1i,n1i,m2i,sd2i,n2i\nA,55.5,47,155,75,64,156\nB,27,7.25,31,29,4.5,32\n",
    MEANS,
    label=["A", "B"],
)
reads(
    "metafor, 2x2", "trial,ai,bi,ci,di\nA,4,119,11,128\nB,6,300,29,274\n", EVENTS, label=["A", "B"]
)
reads(
    "metafor, totals",
    "trial,ai,n1i,ci,n2i\nA,4,123,11,139\nB,6,306,29,303\n",
    EVENTS,
    label=["A", "B"],
)
reads(
    "metafor, correlations",
    "study,ri,ni\nA,0.19,109\nB,0.16,749\n",
    {"r": [0.19, 0.16], "n": [109, 749]},
    label=["A", "B"],
)
reads(
    "metafor, rates",
    "study,xi,ti\nA,4,1230.5\nB,6,3060\n",
    {"events": [4, 6], "time": [1230.5, 3060]},
    label=["A", "B"],
)
reads(
    "metafor, proportions",
    "study,xi,ni\nA,4,123\nB,6,306\n",
    {"events": [4, 6], "n": [123, 306]},
    label=["A", "B"],
)
reads(
    "metafor, summary of escalc",
    "study,yi,vi,sei,zi,pval,ci.lb,ci.ub\nA,-0.89,0.33,0.57,-1.6,0.12,-2.0,0.2\nB,-1.59,0.19,0.44,-3.6,0.0003,-2.4,-0.7\n",
    YIVI,
    label=["A", "B"],
)
reads(
    "metafor, escalc beside its input",
    "author,year,ai,bi,ci,di,yi,vi\nAronson,1948,4,119,11,128,-0.89,0.33\nFerguson,1949,6,300,29,274,-1.59,0.19\n",
    YIVI | EVENTS,
)
reads(
    "R meta, metabin",
    "studlab,event.e,n.e,event.c,n.c\nA,4,123,11,139\nB,6,306,29,303\n",
    EVENTS,
    label=["A", "B"],
)
reads(
    "R meta, metagen",
    "studlab,TE,seTE,lower,upper\nA,-0.89,0.57,-2.0,0.2\nB,-1.59,0.44,-2.4,-0.7\n",
    {"yi": [-0.89, -1.59], "sei": [0.57, 0.44]},
    label=["A", "B"],
)
reads(
    "Stata, metan",
    "study,_ES,_seES,_LCI,_UCI,_WT\nA,-0.89,0.57,-2.0,0.2,40\nB,-1.59,0.44,-2.4,-0.7,60\n",
    {"yi": [-0.89, -1.59], "sei": [0.57, 0.44]},
    label=["A", "B"],
)
reads(
    "Stata, meta esize",
    "_meta_id,_meta_studylabel,_meta_es,_meta_se,_meta_cil,_meta_ciu\n1,A,-0.89,0.57,-2.0,0.2\n2,B,-1.59,0.44,-2.4,-0.7\n",
    {"yi": [-0.89, -1.59], "sei": [0.57, 0.44]},
    label=["A", "B"],
)
reads(
    "Stata, names of variables",
    "study,tcases,tnoncases,ccases,cnoncases\nA,4,119,11,128\nB,6,300,29,274\n",
    EVENTS,
    label=["A", "B"],
)
reads(
    "CMA, effects",
    "Study name\tStd diff in means\tStandard error\tVariance\tLower limit\tUpper limit\tZ-Value\tp-Value\nA\t-0.89\t0.574\t0.33\t-2.0\t0.2\t-1.6\t0.12\nB\t-1.59\t0.436\t0.19\t-2.4\t-0.7\t-3.6\t0.0003\n",
    {"vi": [0.33, 0.19]},
    label=["A", "B"],
)
reads(
    "CMA, ratios",
    "Study name,Odds ratio,Lower limit,Upper limit,Z-Value,p-Value\nA,0.41,0.13,1.26,-1.6,0.12\nB,0.2,0.09,0.49,-3.6,0.0003\n",
    RATIO,
    label=["A", "B"],
)
reads(
    "CMA, events",
    "Study name,Treated Events,Treated Total N,Control Events,Control Total N\nA,4,123,11,139\nB,6,306,29,303\n",
    EVENTS,
    label=["A", "B"],
)
reads(
    "CMA, means",
    "Study name,Treated Mean,Treated Std-Dev,Treated Sample size,Control Mean,Control Std-Dev,Control Sample size\nA,55.5,47,155,75,64,156\nB,27,7.25,31,29,4.5,32\n",
    MEANS,
    label=["A", "B"],
)
reads(
    "JASP, input",
    "study,effectSize,standardError\nA,-0.89,0.57\nB,-1.59,0.44\n",
    {"yi": [-0.89, -1.59], "sei": [0.57, 0.44]},
    label=["A", "B"],
)
reads(
    "jamovi, input",
    "Study,ES,SE\nA,-0.89,0.57\nB,-1.59,0.44\n",
    {"yi": [-0.89, -1.59], "sei": [0.57, 0.44]},
    label=["A", "B"],
)
reads(
    "RevMan 5, copied events",
    'Study or Subgroup,Experimental Events,Experimental Total,Control Events,Control Total,Weight,"Risk Ratio M-H, Random, 95% CI"\nA,4,123,11,139,40.0%,"0.41 [0.13, 1.26]"\nB,6,306,29,303,60.0%,"0.20 [0.09, 0.49]"\n',
    EVENTS,
    label=["A", "B"],
)
reads(
    "RevMan 5, copied means",
    "Study or Subgroup,Experimental Mean,Experimental SD,Experimental Total,Control Mean,Control SD,Control Total,Weight\nA,55.5,47,155,75,64,156,40.0%\nB,27,7.25,31,29,4.5,32,60.0%\n",
    MEANS,
    label=["A", "B"],
)
reads(
    "RevMan 5, two lines",
    ",Experimental,,,Control,,,\nStudy or Subgroup,Mean,SD,Total,Mean,SD,Total,Weight\nA,55.5,47,155,75,64,156,40.0%\nB,27,7.25,31,29,4.5,32,60.0%\n",
    MEANS,
    label=["A", "B"],
)
refuses(
    "RevMan 5, with its totals",
    'Study or Subgroup,Experimental Events,Experimental Total,Control Events,Control Total,Weight\nA,4,123,11,139,40.0%\nB,6,306,29,303,60.0%\nTotal (95% CI),,429,,442,100.0%\nTotal events,10,,40,,\n"Heterogeneity: Tau² = 0.00; Chi² = 0.9, df = 1 (P = 0.34); I² = 0%",,,,,\n"Test for overall effect: Z = 3.9 (P < 0.0001)",,,,,\n',
    "line 4",
    "line 5",
    "sum of the others",
)
reads(
    "RevMan Web, events",
    "Analysis group,Analysis number,Analysis name,Subgroup,Study,Study year,Experimental cases,Experimental N,Control cases,Control N,O-E,Variance,Weight,Mean,CI start,CI end\n1,1,Tuberculosis,,A,1948,4,123,11,139,,,40,0.41,0.13,1.26\n1,1,Tuberculosis,,B,1949,6,306,29,303,,,60,0.2,0.09,0.49\n",
    EVENTS,
    label=["A", "B"],
)
reads(
    "RevMan Web, generic",
    "Analysis group,Analysis number,Analysis name,Subgroup,Study,Study year,GIV Mean,GIV SE,Experimental N,Control N\n1,1,Tuberculosis,,A,1948,-0.89,0.57,123,139\n1,1,Tuberculosis,,B,1949,-1.59,0.44,306,303\n",
    {"yi": [-0.89, -1.59], "sei": [0.57, 0.44]},
    label=["A", "B"],
)
reads(
    "Metapsy",
    "study,condition_arm1,condition_arm2,multi_arm1,outcome_type,instrument,time,mean_arm1,sd_arm1,n_arm1,mean_arm2,sd_arm2,n_arm2,rob\nA,cbt,wl,NA,msd,bdi,post,55.5,47,155,75,64,156,2\nB,cbt,wl,NA,msd,bdi,post,27,7.25,31,29,4.5,32,3\n",
    MEANS,
    label=["A", "B"],
)
reads(
    "Metapsy, effects",
    "study,condition_arm1,condition_arm2,.g,.g_se,.log_rr,.log_rr_se\nA,cbt,wl,-0.89,0.57,NA,NA\nB,cbt,wl,-1.59,0.44,NA,NA\n",
    {"yi": [-0.89, -1.59], "sei": [0.57, 0.44]},
    label=["A", "B"],
)
reads(
    "Covidence",
    "Covidence #,Study ID,Title,Reviewer Name,Intervention Mean,Intervention SD,Intervention N,Control Mean,Control SD,Control N\n12,A,Stroke units,Consensus,55.5,47,155,75,64,156\n15,B,Wards,Consensus,27,7.25,31,29,4.5,32\n",
    MEANS,
    label=["A", "B"],
)
reads(
    "DistillerSR",
    "Refid,User,Level,Author,Year,Mean (Intervention),SD (Intervention),N (Intervention),Mean (Control),SD (Control),N (Control)\n12,ab,3,Aronson,1948,55.5,47,155,75,64,156\n15,ab,3,Ferguson,1949,27,7.25,31,29,4.5,32\n",
    MEANS,
)
reads(
    "broom",
    "term,type,estimate,std.error,statistic,p.value,conf.low,conf.high\nA,study,-0.89,0.57,-1.6,0.12,-2,0.2\nB,study,-1.59,0.44,-3.6,0.0003,-2.4,-0.7\n",
    {"estimate": [-0.89, -1.59], "se": [0.57, 0.44]},
    label=["A", "B"],
)
reads(
    "SPSS",
    "Study;ES;SE_ES\nA;-,89;,57\nB;-1,59;,44\n",
    {"yi": [-0.89, -1.59], "sei": [0.57, 0.44]},
    label=["A", "B"],
)
reads(
    "GRADEpro words",
    "Study,With BCG events,With BCG total,Without BCG events,Without BCG total\nA,4,123,11,139\nB,6,306,29,303\n",
    EVENTS,
    label=["A", "B"],
)
reads(
    "Cochrane long names",
    "Study,Number of events in experimental group,Number of participants in experimental group,Number of events in control group,Number of participants in control group\nA,4,123,11,139\nB,6,306,29,303\n",
    EVENTS,
    label=["A", "B"],
)
reads(
    "underscores",
    "study_name,n_events_intervention,n_total_intervention,n_events_control,n_total_control\nA,4,123,11,139\nB,6,306,29,303\n",
    EVENTS,
    label=["A", "B"],
)
reads(
    "hazard ratios",
    "Study,HR,HR_lower,HR_upper\nA,0.41,0.13,1.26\nB,0.2,0.09,0.49\n",
    RATIO,
    label=["A", "B"],
)
reads(
    "adjusted ratios",
    "Study,aOR,95% CI lower,95% CI upper\nA,0.41,0.13,1.26\nB,0.2,0.09,0.49\n",
    RATIO,
    label=["A", "B"],
)
reads(
    "log odds with their errors",
    "Study,log OR,SE log OR\nA,-0.89,0.57\nB,-1.59,0.44\n",
    {"yi": [-0.89, -1.59], "sei": [0.57, 0.44]},
    label=["A", "B"],
)
reads("lnRR and v", "Study,lnRR,v_lnRR\nA,-0.89,0.33\nB,-1.59,0.19\n", YIVI, label=["A", "B"])
reads(
    "Hedges' g",
    "Study,Hedges' g,SE of g\nA,-0.89,0.57\nB,-1.59,0.44\n",
    {"yi": [-0.89, -1.59], "sei": [0.57, 0.44]},
    label=["A", "B"],
)
reads(
    "Cohen's d and its variance",
    "Study,Cohen's d,Var(d)\nA,-0.89,0.33\nB,-1.59,0.19\n",
    YIVI,
    label=["A", "B"],
)
reads(
    "prevalence",
    "Study,Cases,Sample size\nA,4,123\nB,6,306\n",
    {"events": [4, 6], "n": [123, 306]},
    label=["A", "B"],
)

# --- cells of several figures ---------------------------------------------------------------------

reads(
    "mean (SD)",
    "Study,Treatment mean (SD),Treatment n,Control mean (SD),Control n\nA,55.5 (47.0),155,75 (64),156\nB,27.0 (7.25),31,29 (4.5),32\n",
    MEANS,
    label=["A", "B"],
)
reads(
    "mean ± SD, decimal commas",
    "Studie;Verum MW ± SD;Verum n;Placebo MW ± SD;Placebo n\nA;55,5 ± 47;155;75 ± 64;156\nB;27 ± 7,25;31;29 ± 4,5;32\n",
    MEANS,
    label=["A", "B"],
)
reads(
    "mean (SD), n below the arm",
    "Study,BCG,,Control,\n,Mean (SD),n,Mean (SD),n\nA,55.5 (47.0),155,75 (64),156\nB,27.0 (7.25),31,29 (4.5),32\n",
    MEANS,
    label=["A", "B"],
)
reads(
    "events/total", "Study,BCG,Control\nA,4/123,11/139\nB,6/306,29/303\n", EVENTS, label=["A", "B"]
)
reads(
    "events/total (%)",
    "Study,BCG n/N (%),Control n/N (%)\nA,4/123 (3.3%),11/139 (7.9%)\nB,6/306 (2.0%),29/303 (9.6%)\n",
    EVENTS,
    label=["A", "B"],
)
reads(
    "events of total",
    "Study,BCG events,Control events\nA,4 of 123,11 of 139\nB,6 of 306,29 of 303\n",
    EVENTS,
    label=["A", "B"],
)
reads(
    "estimate [a, b]",
    'Study,"OR [95% CI]"\nA,"0.41 [0.13, 1.26]"\nB,"0.2 [0.09, 0.49]"\n',
    RATIO,
    label=["A", "B"],
)
reads(
    "estimate (a to b)",
    "Study,RR (95% CI)\nA,0.41 (0.13 to 1.26)\nB,0.2 (0.09 to 0.49)\n",
    RATIO,
    label=["A", "B"],
)
reads(
    "estimate (a–b)",
    "Study,HR (95% CI)\nA,0.41 (0.13–1.26)\nB,0.2 (0.09–0.49)\n",
    RATIO,
    label=["A", "B"],
)
reads(
    "estimate (a; b), decimal commas",
    "Studie\tRR (95%-KI)\nA\t0,41 (0,13; 1,26)\nB\t0,2 (0,09; 0,49)\n",
    RATIO,
    label=["A", "B"],
)
reads(
    "estimate and interval apart",
    "Study,OR,95% CI\nA,0.41,0.13 to 1.26\nB,0.2,0.09 to 0.49\n",
    RATIO,
    label=["A", "B"],
)
reads(
    "estimate 95% CI inside",
    'Study,Odds ratio\nA,"0.41 (95% CI 0.13 to 1.26)"\nB,"0.2 (95% CI 0.09 to 0.49)"\n',
    RATIO,
    label=["A", "B"],
)
reads(
    "effect (95% CI), no measure",
    "Study,Effect (95% CI)\nA,-0.5 (-1.2 to 0.2)\nB,0.1 (-0.3 to 0.5)\n",
    {"estimate": [-0.5, 0.1], "ci_low": [-1.2, -0.3]},
    label=["A", "B"],
)

# --- words and marks in cells ---------------------------------------------------------------------

for word in (
    "NR",
    "n/a",
    "-",
    "–",
    "—",
    "NA",
    "N.A.",
    "not reported",
    "unclear",
    "?",
    "k. A.",
    "nicht berichtet",
    "non rapporté",
    "no informado",
    "ND",
    "#N/A",
    "NULL",
    "None",
    "(blank)",
    "missing",
    "not stated",
    "NS",
    "n.s.",
):
    missing = f"study,yi,vi,n\nA,-0.89,0.33,50\nB,-1.59,0.19,{word}\n"
    if word == "None":
        refuses(f"a number is {word}", missing, "may say 0")
    elif word in ("NS", "n.s."):
        refuses(f"a number is {word}", missing, "not significant")
    elif word in ("?", "unclear"):
        refuses(f"a number is {word}", missing, "leave the cell empty")
    else:
        reads(f"a number is {word}", missing, {"n": [50, None]}, label=["A", "B"])
reads(
    "p-values as printed",
    "study,OR,p\nA,0.41,<0.001\nB,0.2,0.04\n",
    {"p_value": ["<0.001", "0.04"]},
    label=["A", "B"],
)
reads(
    "footnote marks of names",
    "Study,yi,vi\nA*,-0.89,0.33\nB†,-1.59,0.19\n",
    YIVI,
    label=["A*", "B†"],
)
refuses(
    "footnote marks of figures",
    "study,yi,vi\nA,-0.89a,0.33\nB,-1.59,0.19*\n",
    "line 2",
    "footnote mark",
    "line 3",
)
refuses("superscript footnotes", "study,yi,vi\nA,-0.89¹,0.33\nB,-1.59,0.19²\n", "footnote")
refuses("units", "study,mean_t,sd_t,n_t,mean_c,sd_c,n_c\nA,5 mg,2,20,6,2,20\n", "without unit")
refuses(
    "percent as count",
    "study,events_t,n_t,events_c,n_c\nA,42%,60,30%,58\nB,3,50,4,50\n",
    "percentage",
    "line 2",
)
refuses(
    "percent without sign",
    "study,events_t,n_t,events_c,n_c\nA,42.5,60,30.2,58\nB,12.5,50,8.5,50\n",
    "percentage",
)
refuses(
    "shares as events",
    "study,events_t,n_t,events_c,n_c\nA,0.42,60,0.3,58\nB,0.125,50,0.085,50\n",
    "share",
)
refuses(
    "events above n",
    "study,events_t,n_t,events_c,n_c\nA,63,60,3,58\nB,2,50,4,50\n",
    "more than the people",
)
refuses("bounds", "study,yi,vi\nA,<0.1,0.33\nB,-1.59,0.19\n", "bound")
refuses("dates", "study,events_t,n_t,events_c,n_c\nA,4-Jan,123,11,139\nB,6,306,29,303\n", "date")
refuses(
    "an interval the wrong way",
    "study,OR,ci_low,ci_high\nA,0.41,1.26,0.13\nB,0.2,0.09,0.49\n",
    "above",
)
refuses(
    "negative ratios",
    "study,OR,ci_low,ci_high\nA,-0.41,-1.26,0.13\nB,-0.2,-0.49,-0.09\n",
    "-0.41, which no ratio can be",
)
refuses("errors below 0", "study,yi,sei\nA,0.41,-0.1\nB,0.2,0.09\n", "> 0")
refuses("a correlation in percent", "study,r,n\nA,41,50\nB,20,80\n", "correlation")
refuses(
    "half a person",
    "study,events_t,n_t,events_c,n_c\nA,4.5,60,3,58\nB,2,50,4,50\n",
    "no whole number",
)
reads(
    "SE as SD",
    "study,mean_t,sd_t,n_t,mean_c,sd_c,n_c\nA,5,6.1,60,6,5.9,58\nB,5.2,0.8,58,6.4,0.78,60\nC,4.8,6.3,55,5.8,6.2,57\n",
    {"sd_t": [6.1, 0.8, 6.3]},
    label=["A", "B", "C"],
    said=("look like standard errors",),
)
reads(
    "a study twice",
    "study,yi,vi\nA,-0.89,0.33\nA,-1.59,0.19\n",
    YIVI,
    label=["A", "A"],
    said=("A (2)", "not independent"),
)
reads(
    "a study without name",
    "study,yi,vi\nA,-0.89,0.33\n,-1.59,0.19\n",
    YIVI,
    label=["A", "(no name, line 3)"],
    said=("has no name",),
)
refuses("only a header", "study,yi,vi\n", "no studies")
refuses("terminal sequences", "study,yi,vi\n\x1b[31mA,x,0.33\n", "\\x1b[31mA")
refuses(
    "one arm a row",
    "study,group,mean,sd,n\nA,BCG,55.5,47,155\nA,control,75,64,156\n",
    "one arm",
    "pairwise",
)

reads(
    "Metapsy, German Excel",
    '"";"study";"condition_arm1";"condition_arm2";"multi_arm1";"mean_arm1";"sd_arm1";"n_arm1";"mean_arm2";"sd_arm2";"n_arm2"\n"1";"A";"cbt";"wl";NA;"55,5";"47";155;"75";"64";156\n"2";"B";"cbt";"wl";NA;"27";"7,25";31;"29";"4,5";32\n',
    MEANS,
    label=["A", "B"],
)
reads(
    "DOS in German",
    UMLAUT,
    RATIO,
    encoding="cp850",
    label=["Müller 1948", "Götz 1949"],
    said=("DOS",),
)
reads(
    "no-break spaces of France",
    "Étude;Moyenne traitement;Écart-type traitement;n traitement;Moyenne témoin;Écart-type témoin;n témoin\nA;1\u00a0234,5;310,2;1\u202f200;1\u00a0100,0;299,5;1\u00a0180\n",
    {"mean_t": [1234.5], "n_t": [1200], "n_c": [1180]},
    label=["A"],
)
reads(
    "aligned by blanks, names with blanks",
    "Study    OR     LCL    UCL\nA 1999   0.41   0.13   1.26\nB 2000   0.2    0.09   0.49\n",
    RATIO,
    label=["A 1999", "B 2000"],
)
refuses(
    "single blanks, names with blanks",
    "Study OR LCL UCL\nA 1999 0.41 0.13 1.26\nB 2000 0.2 0.09 0.49\n",
    "5 cells",
)
reads(
    "header with line breaks",
    'Study,"Mean\n(SD)\ntreatment","N\ntreatment","Mean\n(SD)\ncontrol","N\ncontrol"\nA,55.5 (47),155,75 (64),156\nB,27 (7.25),31,29 (4.5),32\n',
    MEANS,
    label=["A", "B"],
)
reads(
    "events (%), said by the cells",
    "Study,Treatment events,Treatment n,Control events,Control n\nA,4 (3%),123,11 (8%),139\nB,6 (2 %),306,29 (10 %),303\n",
    EVENTS,
    label=["A", "B"],
)
refuses(
    "arms without words for their figures",
    "Study,Treatment,Control\nA,12 (2.4),20 (4.0)\n",
    "no column with results",
    "mapping.toml",
)
refuses(
    "arms A and B",
    "Study,Mean A,SD A,N A,Mean B,SD B,N B\nA,12,5,50,20,4,50\n",
    "no word says which is the control",
)
reads(
    "deaths of the randomised",
    "Study,Deaths (BCG),Randomised (BCG),Deaths (placebo),Randomised (placebo)\nA,4,123,11,139\nB,6,306,29,303\n",
    EVENTS,
    label=["A", "B"],
)
reads("textbook 2x2", "study,a,b,c,d\nA,4,119,11,128\nB,6,300,29,274\n", EVENTS, label=["A", "B"])
refuses("diagnostic accuracy", "study,TP,FP,FN,TN\nA,4,119,11,128\n", "no column with results")
refuses(
    "t statistics", "study,t,n1,n2\nA,2.4,50,50\n", "of the results only n_t and n_c are recognised"
)
refuses("O-E and V", "Study,O-E,Variance\nA,-3.2,4.5\n", "measure='HR' for a log-rank test")
reads(
    "coefficients",
    "study,beta,se\nA,-0.89,0.57\nB,-1.59,0.44\n",
    {"yi": [-0.89, -1.59], "sei": [0.57, 0.44]},
    label=["A", "B"],
)
reads(
    "a level of 99 %",
    "Study,OR (99% CI)\nA,0.41 (0.13 to 1.26)\nB,0.2 (0.09 to 0.49)\n",
    RATIO | {"ci_level": [99, 99]},
    label=["A", "B"],
)
reads("g and vg", "Study,g,vg\nA,-0.89,0.33\nB,-1.59,0.19\n", YIVI, label=["A", "B"])
reads(
    "Pearson's r",
    "Study,Pearson's r,Sample size (n)\nA,0.19,109\nB,0.16,749\n",
    {"r": [0.19, 0.16], "n": [109, 749]},
    label=["A", "B"],
)
reads(
    "median and IQR",
    "Study,Median T,IQR T,N T,Median C,IQR C,N C\nA,5,3-8,30,6,4-9,31\nB,5,3 to 8,30,6,4 to 9,31\n",
    {"q1_t": [3, 3], "q3_c": [9, 9]},
    label=["A", "B"],
)
reads(
    "counts with a point nought",
    "study,events_t,n_t,events_c,n_c\nA,4.0,123.0,11.0,139.0\nB,6.0,306.0,29.0,303.0\n",
    EVENTS,
    label=["A", "B"],
)
reads(
    "an SMD with its error",
    "Study,SMD,SE(SMD)\nA,0.89,0.57\nB,1.59,0.44\n",
    {"estimate": [0.89, 1.59], "se": [0.57, 0.44]},
    label=["A", "B"],
)
reads(
    "headings of subgroups between",
    "Study,Events treated,N treated,Events control,N control\nMild stroke,,,,\nA,4,123,11,139\nB,6,306,29,303\n",
    {"events_t": [None, 4, 6]},
    label=["Mild stroke", "A", "B"],
)
refuses(
    "letters before figures",
    "study,mean_t,sd_t,n_t,mean_c,sd_c,n_c\nA,5,2,N=50,6,2,51\n",
    "words before the figure",
)
refuses(
    "a total under another name",
    "study,events_t,n_t,events_c,n_c\nA,4,60,3,58\nB,5,70,8,71\nC,1,30,1,30\nAll studies,10,160,12,159\n",
    "line 5",
    "the row is the sum of the others",
)


# --- workbooks ------------------------------------------------------------------------------------


def xlsx(**sheets: list[list[object]]) -> bytes:
    """Write a workbook as programs do: numbers as numbers, text inline, None left out."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as book:
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
        space = "http://schemas.openxmlformats.org"
        parts = "".join(
            f'<Override PartName="/xl/worksheets/sheet{i}.xml" ContentType="{kind}.worksheet+xml"/>'
            for i in range(1, len(sheets) + 1)
        )
        book.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{space}/package/2006/content-types"><Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>{parts}'
            f'<Override PartName="/xl/styles.xml" ContentType="{kind}.styles+xml"/></Types>',
        )
        office = f"{space}/officeDocument/2006/relationships"
        package = f"{space}/package/2006/relationships"
        book.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{package}"><Relationship Id="r" Type="{office}/officeDocument" '
            'Target="xl/workbook.xml"/></Relationships>',
        )
        links = "".join(
            f'<Relationship Id="r{i}" Type="{office}/worksheet" Target="worksheets/sheet{i}.xml"/>'
            for i in range(1, len(sheets) + 1)
        )
        book.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{package}">{links}<Relationship Id="s" Type="{office}/styles" '
            'Target="styles.xml"/></Relationships>',
        )
        names = "".join(
            f'<sheet name="{name}" sheetId="{i}" r:id="r{i}"/>' for i, name in enumerate(sheets, 1)
        )
        main = f"{space}/spreadsheetml/2006/main"
        book.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>{names}</sheets></workbook>',
        )
        book.writestr(
            "xl/styles.xml",
            f'<styleSheet xmlns="{main}"><cellXfs count="2"><xf numFmtId="0"/>'
            '<xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>',
        )
        for i, rows in enumerate(sheets.values(), 1):
            lines = "".join(
                f'<row r="{r}">{"".join(_cell(c, r, value) for c, value in enumerate(row))}</row>'
                for r, row in enumerate(rows, 1)
            )
            book.writestr(
                f"xl/worksheets/sheet{i}.xml",
                f'<worksheet xmlns="{main}"><sheetData>{lines}</sheetData></worksheet>',
            )
    return file.getvalue()


@dataclass(frozen=True)
class Date:
    """A day as Excel counts it, in a cell that is formatted as a date."""

    number: int


def _cell(column: int, row: int, value: object) -> str:
    place = f'r="{chr(65 + column)}{row}"'
    if value is None:
        return ""
    if isinstance(value, str):
        return f'<c {place} t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    if isinstance(value, Date):
        return f'<c {place} s="1"><v>{value.number}</v></c>'
    return f"<c {place}><v>{value!r}</v></c>"


def book(
    name: str,
    content: bytes,
    read: dict[str, list[object]] | None = None,
    refused: tuple[str, ...] = (),
    **how: object,
) -> None:
    """Add a workbook."""
    EXPORTS[name] = Export(content=content, read=read, refused=refused, **how)  # type: ignore[arg-type]


HEAD: list[object] = ["Study", "Events treated", "N treated", "Events control", "N control"]
ROWS: list[list[object]] = [[A, 4, 123, 11, 139], [B, 6, 306, 29, 303]]
LABELLED = {"label": [A, B], **EVENTS}
book("workbook", xlsx(Data=[HEAD, *ROWS]), LABELLED)
book(
    "workbook, the data on the second sheet",
    xlsx(Notes=[["Read me"], ["some words"]], Data=[HEAD, *ROWS]),
    LABELLED,
    said=("sheet 'Data'",),
)
book(
    "workbook, two sheets of data",
    xlsx(Primary=[HEAD, *ROWS], Sensitivity=[HEAD, *ROWS]),
    refused=("2 sheets may hold the studies", "--sheet"),
)
book(
    "workbook, one of two sheets named",
    xlsx(Primary=[HEAD, *ROWS], Sensitivity=[HEAD, ROWS[1]]),
    {"label": [B]},
    sheet="Sensitivity",
)
book(
    "workbook, title above and table indented",
    xlsx(Data=[["My review"], [], [None, *HEAD], *([None, *row] for row in ROWS)]),
    LABELLED,
    said=("My review",),
)
book(
    "workbook, numbers as text",
    xlsx(Data=[HEAD, *([row[0], *map(str, row[1:])] for row in ROWS)]),
    LABELLED,
)
book(
    "workbook, numbers as text with decimal commas",
    xlsx(Data=[["Studie", "yi", "vi"], ["A", "-0,89", "0,33"], ["B", "-1,59", "0,19"]]),
    YIVI,
)
book(
    "workbook, merged header",
    xlsx(
        Data=[
            [None, "BCG", None, "Control", None],
            ["Study", "Events", "Total", "Events", "Total"],
            *ROWS,
        ]
    ),
    LABELLED,
)
book(
    "workbook, merged header over both",
    xlsx(
        Data=[
            ["Study", "BCG", None, "Control", None],
            [None, "Events", "Total", "Events", "Total"],
            *ROWS,
        ]
    ),
    LABELLED,
)
book(
    "workbook, a figure turned into a date",
    xlsx(Data=[HEAD, [A, Date(45296), 123, 11, 139], ROWS[1]]),
    refused=("is a date", "formatted as text"),
)
book(
    "workbook, a total below",
    xlsx(Data=[HEAD, *ROWS, ["Total", 10, 429, 40, 442]]),
    refused=("sum of the others",),
)
book("workbook, empty", xlsx(Data=[]), refused=("the workbook is empty",))
book(
    "workbook, an error",
    xlsx(Data=[HEAD, [A, "#REF!", 123, 11, 139], ROWS[1]]),
    refused=("error of the spreadsheet",),
)


def _parquet() -> bytes:
    file = io.BytesIO()
    file.close = lambda: None  # type: ignore[method-assign]
    frame = pd.DataFrame(
        [[A, 4, 123, 11, 139], [B, 6, 306, 29, 303]], columns=[str(h) for h in HEAD]
    )
    frame.to_parquet(file, engine="fastparquet")
    return file.getvalue()


book("Parquet", _parquet(), LABELLED)


def _ods() -> bytes:
    rows = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{v}</text:p></table:table-cell>'
            if isinstance(v, str)
            else f'<table:table-cell office:value-type="float" office:value="{v}"/>'
            for v in row
        )
        + "</table:table-row>"
        for row in (HEAD, *ROWS)
    )
    space = "urn:oasis:names:tc:opendocument:xmlns"
    content = (
        f'<office:document-content xmlns:office="{space}:office:1.0" '
        f'xmlns:table="{space}:table:1.0" xmlns:text="{space}:text:1.0"><office:body>'
        f'<office:spreadsheet><table:table table:name="Data">{rows}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
            '<manifest:file-entry manifest:full-path="/" manifest:media-type='
            '"application/vnd.oasis.opendocument.spreadsheet"/></manifest:manifest>',
        )
    return file.getvalue()


book("OpenDocument", _ods(), LABELLED)
