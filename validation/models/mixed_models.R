# Effects that hang together: several outcomes, time points, treatments and levels.
source(file.path(dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)[1])), "models.R"))

FINE <- list(optimizer = "optim", method = "BFGS", reltol = 1e-15, maxit = 5000)
of <- function(r) list(beta = I(as.numeric(r$beta)), se = I(as.numeric(r$se)), sigma2 = I(as.numeric(r$sigma2)),
                       tau2 = I(as.numeric(r$tau2)), rho = I(as.numeric(r$rho)), log_likelihood = as.numeric(logLik(r)),
                       aic = AIC(r), bic = BIC(r), QE = r$QE, QM = r$QM)
out <- list()

dat <- dat.berkey1998
V <- bldiag(lapply(split(dat[, c("v1i", "v2i")], dat$trial), as.matrix))
fit <- function(mods, struct = "UN", method = "ML", ...)
  rma.mv(yi, V, mods = mods, random = ~ outcome | trial, struct = struct, data = dat, method = method, control = FINE, ...)
un <- fit(~ outcome - 1)
out$berkey1998 <- list(
  trial = dat$trial, outcome = as.character(dat$outcome), year = dat$year, yi = as.numeric(dat$yi), V = V,
  UN = of(un), UN_year = of(fit(~ outcome + outcome:I(year - 1983) - 1)), CS = of(fit(~ outcome - 1, "CS")),
  HCS = of(fit(~ outcome - 1, "HCS")), DIAG = of(fit(~ outcome - 1, "DIAG")),
  UN_CS = list(statistic = anova(un, fit(~ outcome - 1, "CS"))$LRT, p = anova(un, fit(~ outcome - 1, "CS"))$pval))

dat <- dat.ishak2007
long <- reshape(dat, direction = "long", idvar = "study", v.names = c("yi", "vi"), varying = list(c(2, 4, 6, 8), c(3, 5, 7, 9)))
long <- long[order(long$study, long$time), ]
missing <- is.na(long$yi)
V <- lapply(split(with(dat, cbind(v1i, v2i, v3i, v4i)), dat$study), diag)
V <- bldiag(lapply(V, function(v) sqrt(v) %*% toeplitz(.97^(0:3)) %*% sqrt(v)))
V <- V[!missing, !missing]
long <- long[!missing, ]
of_time <- function(V, struct) of(rma.mv(yi, V, mods = ~ factor(time) - 1, random = ~ factor(time) | study, struct = struct, data = long, control = FINE))
out$ishak2007 <- list(
  study = as.character(long$study), time = long$time, yi = as.numeric(long$yi), vi = as.numeric(diag(V)), V = V,
  independent_DIAG = of_time(diag(diag(V)), "DIAG"),
  independent_study = of(rma.mv(yi, diag(V), mods = ~ factor(time) - 1, random = ~ 1 | study, data = long, control = FINE)),
  HCS = of_time(V, "HCS"), CS = of_time(V, "CS"))

long <- to.long(measure = "OR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.colditz1994)
long <- escalc(measure = "PLO", xi = out1, mi = out2, data = long)
long$group <- factor(ifelse(long$group == 1, "EXP", "CON"), levels = c("EXP", "CON"))
arm <- function(mods) of(rma.mv(yi, vi, mods = mods, random = ~ group | trial, struct = "UN", data = long, method = "ML", control = FINE))
out$vanhouwelingen2002 <- list(
  trial = long$trial, group = as.character(long$group), ablat = long$ablat, yi = as.numeric(long$yi), vi = as.numeric(long$vi),
  arms = arm(~ group - 1), latitude = arm(~ group + group:I(ablat - 33) - 1))

dat <- dat.konstantopoulos2011
three <- rma.mv(yi, vi, random = ~ 1 | district/school, data = dat, control = FINE)
ci <- confint(three)
out$konstantopoulos2011 <- list(
  three = of(three), sigma2_ci = rbind(ci[[1]]$random[1, 2:3], ci[[2]]$random[1, 2:3]),
  as_outcomes = of(rma.mv(yi, vi, random = ~ factor(school) | district, data = dat, control = FINE)))

dat <- dat.assink2016
V <- bldiag(lapply(split(dat$vi, dat$study), function(v) { s <- sqrt(v); m <- 0.6 * outer(s, s); diag(m) <- v; m }))
out$assink2016 <- list(
  study = dat$study, esid = dat$esid, yi = as.numeric(dat$yi), vi = as.numeric(dat$vi), type = as.character(dat$deltype),
  correlated = of(rma.mv(yi, V, random = ~ 1 | study/esid, data = dat, control = FINE)),
  deltype = of(rma.mv(yi, V, mods = ~ deltype, random = ~ 1 | study/esid, data = dat, control = FINE)))

# crossed: studies and outcomes, made up of the data of assink2016
out$crossed <- of(rma.mv(yi, vi, random = list(~ 1 | study, ~ 1 | deltype), data = dat, control = FINE))
save_as("mixed_models", out)
