# Recomputes the reference answers from the inputs in the JSON files, with R's metafor.
#
#   Rscript validation/metafor/recompute.R             compare with the files; writes nothing
#   Rscript validation/metafor/recompute.R FOLDER      also write the recomputed files to FOLDER
#
# One line a file: the largest relative difference to the stored answers and where it is. The exit
# status is 1 if any difference is above 1e-6, or if an answer appeared or disappeared.
# README.md beside this file says which call stands behind which key.

needed <- c("metafor", "metadat", "jsonlite", "lme4", "numDeriv", "clubSandwich")
missing <- needed[!vapply(needed, requireNamespace, logical(1), quietly = TRUE)]
if (length(missing)) {
  stop("R packages missing: ", paste(missing, collapse = ", "),
       ". On Debian: apt-get install ", paste0("r-cran-", tolower(missing), collapse = " "))
}
suppressPackageStartupMessages(library(metafor))

TOLERANCE <- 1e-6
# metafor's own stopping rules leave about five digits; these leave twelve
CONTROL <- list(threshold = 1e-12, tol = 1e-12, maxiter = 5000)
TAU2_METHODS <- c("DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM")

here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)[1]))
target <- commandArgs(trailingOnly = TRUE)

quietly <- function(call) suppressWarnings(suppressMessages(call))
# what metafor cannot compute is left out of the file
attempt <- function(call) tryCatch(quietly(call), error = function(e) NULL)
limits <- function(x) c(x$ci.lb, x$ci.ub)

# --- one function for each kind of file ----------------------------------------------------------

effects_from_arms <- function(measure, arms, vtype = "LS") {
  if (is.null(arms)) return(NULL)
  found <- with(arms, switch(measure,
    MD = , SMD = , SMDH = , ROM = escalc(measure, m1i = mean_t, sd1i = sd_t, n1i = n_t,
                                         m2i = mean_c, sd2i = sd_c, n2i = n_c,
                                         vtype = vtype),
    RR = , OR = , RD = , PETO = , AS = escalc(measure, ai = events_t, n1i = n_t,
                                              ci = events_c, n2i = n_c),
    IRR = escalc(measure, x1i = events_t, t1i = time_t, x2i = events_c, t2i = time_c),
    PR = , PLO = , PAS = , PFT = escalc(measure, xi = events, ni = n),
    COR = , ZCOR = escalc(measure, ri = r, ni = n),
    MC = , SMCC = , ROMC = escalc(measure, m1i = mean_post, m2i = mean_pre, sd1i = sd_post,
                                  sd2i = sd_pre, ri = r, ni = n),
    # metafor divides SMCR by the SD that is given first
    SMCR = escalc(measure, m1i = mean_post, m2i = mean_pre, sd1i = sd_pre, ri = r, ni = n)))
  finite <- is.finite(found$yi) & is.finite(found$vi)
  list(yi = as.numeric(found$yi)[finite], vi = as.numeric(found$vi)[finite])
}

random_effects <- function(yi, vi, method) {
  fit <- function(test) rma(yi, vi, method = method, test = test, control = CONTROL)
  wald <- fit("z")
  hk <- fit("knha")
  adhoc <- fit("adhoc")
  spread <- predict(wald)
  hk_spread <- predict(hk)
  # metafor 3.8 has no interval with k - 2 degrees of freedom for fewer than three studies
  riley <- predict(wald, pi.type = "riley")
  list(tau2 = wald$tau2, estimate = wald$beta[1], se = wald$se, ci = limits(wald), p = wald$pval,
       I2 = wald$I2, H2 = wald$H2, pi = c(spread$pi.lb, spread$pi.ub),
       hk = list(se = hk$se, ci = limits(hk), p = hk$pval,
                 pi = c(hk_spread$pi.lb, hk_spread$pi.ub)),
       hk_adhoc = list(se = adhoc$se, ci = limits(adhoc), p = adhoc$pval),
       pi_riley = c(riley$pi.lb, riley$pi.ub))
}

trimmed <- function(fit, estimator) {
  filled <- trimfill(fit, estimator = estimator)
  list(k0 = filled$k0, side = filled$side, estimate = filled$beta[1], se = filled$se,
       tau2 = filled$tau2)
}

regression <- function(yi, vi, X) {
  fit <- function(test) rma(yi, vi, mods = X, intercept = FALSE, method = "REML", test = test,
                            btt = 2:ncol(X), control = CONTROL)
  wald <- fit("z")
  hk <- fit("knha")
  null <- rma(yi, vi, method = "REML", control = CONTROL)
  list(beta = as.numeric(wald$beta), se = wald$se, tau2 = wald$tau2, QM = wald$QM, QMp = wald$QMp,
       QE = wald$QE, R2 = 100 * max(0, 1 - wald$tau2 / null$tau2), hk_se = hk$se,
       hk_p = hk$pval, hk_QM = hk$QM, hk_QMp = hk$QMp)
}

univariate <- function(file) {
  yi <- file$yi
  vi <- file$vi
  answers <- effects_from_arms(file$measure, file$arms)
  common <- rma(yi, vi, method = "EE")
  answers$EE <- list(estimate = common$beta[1], se = common$se, ci = limits(common),
                     Q = common$QE, Qp = common$QEp)
  for (method in TAU2_METHODS) answers[[method]] <- attempt(random_effects(yi, vi, method))
  dl <- rma(yi, vi, method = "DL")
  reml <- rma(yi, vi, method = "REML", control = CONTROL)
  answers$tau2_ci_q_profile <- attempt(
    # the default search ends at ten times tau2, below the upper limit of curtis1998 (MD)
    as.numeric(confint(reml, control = list(tol = 1e-12, maxiter = 5000,
                                            tau2.max = 1000 * max(reml$tau2, mean(vi))))$random[1, 2:3]))
  left <- quietly(leave1out(dl))
  answers$leave_one_out_DL <- list(estimate = left$estimate, se = left$se, tau2 = left$tau2)
  inf <- quietly(influence(dl))$inf
  answers$influence_DL <- list(rstudent = inf$rstudent, dffits = inf$dffits, cook_d = inf$cook.d,
                               hat = inf$hat)
  plotted <- quietly({
    grDevices::pdf(NULL)
    points <- baujat(common)
    grDevices::dev.off()
    points
  })
  answers$baujat_EE <- list(x = plotted$x, y = plotted$y)
  best <- blup(reml)
  answers$blup_REML <- list(pred = best$pred, se = best$se)
  lm <- attempt(regtest(yi, vi, model = "lm"))
  answers$egger_lm <- list(t = lm$zval, p = lm$pval, dof = lm$dfs, limit = lm$est)
  mixed <- attempt(regtest(reml))
  answers$egger_rma_REML <- list(z = mixed$zval, p = mixed$pval)
  ranks <- attempt(ranktest(yi, vi))
  answers$begg <- list(tau = as.numeric(ranks$tau), p = ranks$pval)
  answers$trimfill_DL_L0 <- attempt(trimmed(dl, "L0"))
  answers$trimfill_DL_R0 <- attempt(trimmed(dl, "R0"))
  steps <- quietly(cumul(dl))
  answers$cumulative_DL <- list(estimate = as.numeric(steps$estimate), se = as.numeric(steps$se))
  if (!is.null(file$meta_regression_REML)) {
    # the studies with a value of the moderator, in their order
    X <- do.call(rbind, lapply(file$meta_regression_REML$X, unlist))
    used <- with_moderator(file$dataset, length(yi))
    answers$meta_regression_REML <- regression(yi[used], vi[used], X)
  }
  answers
}

with_moderator <- function(dataset, k) {
  # two classes of dat.bangertdrowns2004 have no length of treatment
  if (dataset == "bangertdrowns2004") which(!is.na(dat.bangertdrowns2004$length)) else seq_len(k)
}

binary <- function(file) {
  a <- file$arms
  pooled <- function(fit) list(estimate = as.numeric(fit$beta), se = fit$se, ci = limits(fit),
                               Q = fit$QE)
  mh <- function(measure) pooled(quietly(rma.mh(measure = measure, ai = a$events_t, n1i = a$n_t,
                                                ci = a$events_c, n2i = a$n_c)))
  list(MH_RR = mh("RR"), MH_OR = mh("OR"), MH_RD = mh("RD"),
       PETO = pooled(quietly(rma.peto(ai = a$events_t, n1i = a$n_t, ci = a$events_c,
                                      n2i = a$n_c))))
}

multilevel <- function(file) {
  rows <- data.frame(file[c("yi", "vi", "cluster", "inner")])
  fit <- rma.mv(yi, vi, random = ~ 1 | cluster / inner, data = rows)
  list(beta = fit$beta[1], se = fit$se, sigma2 = fit$sigma2, logLik = as.numeric(logLik(fit)))
}

# tests of the odds ratios behind Mantel-Haenszel, and the binomial-normal model
tables <- function(file) {
  a <- file$arms
  fit <- quietly(rma.mh(measure = "OR", ai = a$events_t, n1i = a$n_t, ci = a$events_c, n2i = a$n_c))
  # with the default stopping rules and 7 points glmer leaves three to five digits
  model <- quietly(rma.glmm(
    measure = "OR", ai = a$events_t, n1i = a$n_t, ci = a$events_c, n2i = a$n_c, model = "UM.FS",
    nAGQ = 21, control = list(glmerCtrl = list(optimizer = "bobyqa",
                                               optCtrl = list(rhoend = 1e-9, maxfun = 1e5)))))
  list(tests_OR = list(CMH = fit$MH, CMHp = fit$MHp, breslow_day = fit$BD, breslow_day_p = fit$BDp,
                       tarone = fit$TA, tarone_p = fit$TAp),
       glmm_UM_FS = list(estimate = as.numeric(model$beta), se = model$se, tau2 = model$tau2,
                         LRT = model$QE.LRT, LRTp = model$QEp.LRT))
}

selection <- function(file) {
  fit <- rma(file$yi, file$vi, method = "ML", control = CONTROL)
  model <- quietly(selmodel(fit, type = "stepfun", steps = 0.025, alternative = file$alternative,
                            control = list(optimizer = "nlminb")))
  list(selection_3psm_025 = list(estimate = as.numeric(model$beta), se = model$se,
                                 tau2 = model$tau2, delta = model$delta[2],
                                 delta_se = model$se.delta[2], LRT = model$LRT, LRTp = model$LRTp))
}

clustered <- function(file) {
  corrected <- function(fit) {
    found <- robust(fit, cluster = file$cluster, clubSandwich = TRUE)
    list(estimate = found$beta[1], se = found$se, dof = as.numeric(found$ddf)[1],
         ci = limits(found), p = found$pval)
  }
  answers <- list(robust_CR2_REML = corrected(rma(file$yi, file$vi, method = "REML",
                                                  control = CONTROL)))
  if (!is.null(file$inner)) {
    rows <- data.frame(file[c("yi", "vi", "cluster", "inner")])
    answers$robust_CR2_multilevel <- corrected(rma.mv(yi, vi, random = ~ 1 | cluster / inner,
                                                      data = rows))
  }
  answers
}

# measures and variance formulas that the other files do not hold
measures <- function(file) {
  of <- function(name) {
    parts <- strsplit(name, " ")[[1]]
    effects_from_arms(parts[1], file$arms[[name]], if (length(parts) > 1) parts[2] else "LS")
  }
  list(escalc = lapply(structure(names(file$arms), names = names(file$arms)), of))
}

# --- comparison ----------------------------------------------------------------------------------

recompute <- function(path, file) {
  name <- basename(path)
  if (grepl("_binary_methods", name)) return(binary(file))
  if (grepl("_multilevel", name)) return(multilevel(file))
  if (grepl("_tables", name)) return(tables(file))
  if (grepl("_selection", name)) return(selection(file))
  if (grepl("_clustered", name)) return(clustered(file))
  if (grepl("_measures", name)) return(measures(file))
  univariate(file)
}

# every number of a nested list, by its path
leaves <- function(x, path = "") {
  if (is.list(x) && length(x)) {
    named <- if (is.null(names(x))) seq_along(x) else names(x)
    return(do.call(c, Map(leaves, x, paste0(path, "/", named), USE.NAMES = FALSE)))
  }
  structure(list(x), names = path)
}

# relative to the answer, or to the effects' standard error where the answer lies near 0
difference <- function(path, new, old, file) {
  if (is.character(old)) return(if (identical(new, old)) 0 else Inf)
  if (length(new) != length(old)) return(Inf)
  new <- as.numeric(new)
  old <- as.numeric(old)
  if (any(is.na(new) != is.na(old))) return(Inf)
  size <- if (is.null(file$vi)) 0.1 else sqrt(mean(as.numeric(unlist(file$vi))))
  size <- if (grepl("p$", path)) 0 else if (grepl("tau2|sigma2", path)) size^2 else size
  shift <- abs(new - old)
  both <- abs(old) + size
  max(0, ifelse(shift == 0, 0, shift / both), na.rm = TRUE)
}

INPUTS <- "^/(dataset|measure|k|arms|cluster|inner|rho_free|alternative|meta_regression_REML/(formula|X|terms))"

faulty <- FALSE
files <- sort(c(list.files(here, "\\.json$", full.names = TRUE),
                list.files(file.path(here, "further"), "\\.json$", full.names = TRUE)))
for (path in files) {
  file <- jsonlite::fromJSON(path, simplifyVector = TRUE, simplifyMatrix = FALSE)
  new <- recompute(path, file)
  if (length(target)) {
    written <- file
    for (key in names(new)) {
      kept <- if (is.list(file[[key]])) file[[key]] else list()
      written[[key]] <- if (is.list(new[[key]])) utils::modifyList(kept, new[[key]]) else new[[key]]
    }
    dir.create(target, showWarnings = FALSE, recursive = TRUE)
    writeLines(jsonlite::toJSON(written, digits = I(15), auto_unbox = TRUE, na = "null"),
               file.path(target, basename(path)))
  }
  old_leaves <- leaves(file)
  old_leaves <- old_leaves[!grepl(INPUTS, names(old_leaves))]
  new_leaves <- leaves(new)
  if (is.null(new$yi)) old_leaves <- old_leaves[!grepl("^/(yi|vi)", names(old_leaves))]
  unmatched <- c(setdiff(names(old_leaves), names(new_leaves)),
                 setdiff(names(new_leaves), names(old_leaves)))
  shared <- intersect(names(old_leaves), names(new_leaves))
  apart <- vapply(shared, function(at) difference(at, new_leaves[[at]], old_leaves[[at]], file),
                  numeric(1))
  worst <- which.max(apart)
  wrong <- length(unmatched) > 0 || length(apart) == 0 || apart[worst] > TOLERANCE
  faulty <- faulty || wrong
  cat(sprintf("%-38s %4d answers  %8.1e  %s%s%s\n", basename(path), length(apart), apart[worst],
              names(worst), if (wrong) "  DIFFERS" else "",
              if (length(unmatched)) paste("  unmatched:", paste(unmatched, collapse = " ")) else ""))
}
quit(status = if (faulty) 1 else 0)
