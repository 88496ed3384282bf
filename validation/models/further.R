# What was added beside one mean by inverse variance: weights and variances that are given, further estimators of
# tau2, outcomes that follow each other in time, selection by other weight functions, and their profile intervals.
source(file.path(dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)[1])), "models.R"))

FINE <- list(optimizer = "optim", method = "BFGS", reltol = 1e-15, maxit = 5000)
out <- list()

dat <- escalc(measure = "RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
size <- with(dat, tpos + tneg + cpos + cneg)
mean_of <- function(r) list(estimate = as.numeric(r$beta), se = r$se, ci = I(c(r$ci.lb, r$ci.ub)), p = r$pval, tau2 = r$tau2,
                            I2 = r$I2, H2 = r$H2, pi = if (r$tau2 > 0) I(c(predict(r)$pi.lb, predict(r)$pi.ub)) else I(c(NA_real_, NA_real_)))
one <- function(...) mean_of(rma(yi, vi, data = dat, control = CONTROL, ...))
out$bcg_given <- list(
  yi = as.numeric(dat$yi), vi = as.numeric(dat$vi), size = size,
  tau2 = one(tau2 = 0.2), tau2_hk = one(tau2 = 0.2, test = "knha"),
  unweighted = one(weighted = FALSE), unweighted_hk = one(weighted = FALSE, test = "knha"),
  by_size = one(weights = size), by_size_DL = one(weights = size, method = "DL"),
  by_size_EE = one(weights = size, method = "EE"), unweighted_EE = one(weighted = FALSE, method = "EE"))
tau2_of <- function(..., tol = 1e-8) { r <- rma(yi, vi, data = dat, control = c(CONTROL, tol = tol), ...); list(tau2 = r$tau2, se = r$se.tau2, estimate = as.numeric(r$beta)) }
dl <- rma(yi, vi, data = dat, method = "DL")$tau2
he <- rma(yi, vi, data = dat, method = "HE")$tau2
general <- function(start) {
  w <- 1 / (dat$vi + start)
  r <- rma(yi, vi, data = dat, method = "GENQ", weights = w)
  list(tau2 = r$tau2, se = r$se.tau2, estimate = as.numeric(rma(yi, vi, data = dat, tau2 = r$tau2)$beta))
}
out$bcg_tau2 <- list(HSk = tau2_of(method = "HSk"), PMM = tau2_of(method = "PMM", tol = 1e-14), DL2 = general(dl), HE2 = general(he))

long <- reshape(dat.ishak2007, direction = "long", idvar = "study", v.names = c("yi", "vi"), varying = list(c(2, 4, 6, 8), c(3, 5, 7, 9)))
long <- long[order(long$study, long$time), ]
missing <- is.na(long$yi)
V <- lapply(split(with(dat.ishak2007, cbind(v1i, v2i, v3i, v4i)), dat.ishak2007$study), diag)
V <- bldiag(lapply(V, function(v) sqrt(v) %*% toeplitz(.97^(0:3)) %*% sqrt(v)))[!missing, !missing]
long <- long[!missing, ]
long$month <- c(3, 6, 12, 24)[long$time]
of <- function(r) list(beta = I(as.numeric(r$beta)), se = I(as.numeric(r$se)), tau2 = I(as.numeric(r$tau2)),
                       rho = I(as.numeric(r$rho)), log_likelihood = as.numeric(logLik(r)))
of_time <- function(struct, inner = ~ time | study, V = get("V", globalenv()))
  of(rma.mv(yi, V, mods = ~ factor(time) - 1, random = inner, struct = struct, data = long, control = FINE))
out$ishak2007 <- list(
  ID = of_time("ID", ~ factor(time) | study, diag(diag(V))), AR = of_time("AR"), HAR = of_time("HAR"), CAR = of_time("CAR", ~ month | study))

tables <- with(dat.bcg, rma.mh(ai = tpos, bi = tneg, ci = cpos, di = cneg, measure = "OR"))
out$bcg_mh <- list(CO = tables$CO, COp = tables$COp, MH = tables$MH, MHp = tables$MHp)

funnel <- dat.hackshaw1998
ml <- rma(yi, vi, data = funnel, method = "ML", control = CONTROL)
WIDE <- list(vc.min = 1e-6, vc.max = 50, tol = 1e-12)
end <- function(x) I(as.numeric(x[c("ci.lb", "ci.ub")]))
select <- function(type, ...) {
  r <- selmodel(ml, type = type, alternative = "greater", control = list(optimizer = "nlminb"), ...)
  free <- which(!is.na(r$se.delta))
  list(estimate = as.numeric(r$beta), se = r$se, tau2 = r$tau2, delta = I(r$delta), delta_se = I(r$se.delta), LRT = r$LRT, LRTp = r$LRTp,
       log_likelihood = as.numeric(logLik(r)),
       profile = end(confint(r, delta = free, control = WIDE)$random[1, ]))
}
out$hackshaw1998_selection <- list(
  yi = as.numeric(funnel$yi), vi = as.numeric(funnel$vi), halfnorm = select("halfnorm"), negexp = select("negexp"),
  logistic = select("logistic"), power = select("power"), step = select("stepfun", steps = 0.025),
  given = { r <- selmodel(ml, type = "stepfun", alternative = "greater", steps = c(.005, .01, .05, .10, .25, .35, .50, .65, .75, .90, .95, .99, .995, 1),
                          delta = c(1, .99, .95, .80, .75, .65, .60, .55, .50, .50, .50, .50, .50, .50))
            list(estimate = as.numeric(r$beta), se = r$se, tau2 = r$tau2, log_likelihood = as.numeric(logLik(r))) })

clusters <- robust(rma(yi, vi, data = dat, control = CONTROL), cluster = dat$alloc, adjust = FALSE)
out$bcg_robust <- list(CR0 = clusters$se, CR1 = robust(rma(yi, vi, data = dat, control = CONTROL), cluster = dat$alloc)$se)

out$bcg_fsn <- list(Rosenberg = fsn(yi, vi, data = dat, type = "Rosenberg")$fsnum)
line <- rma(yi, vi, mods = ~ ablat, data = dat, control = CONTROL)
shrunk <- blup(line)
out$bcg_blup <- list(ablat = dat$ablat, estimate = I(shrunk$pred), se = I(shrunk$se), pi_low = I(shrunk$pi.lb), pi_high = I(shrunk$pi.ub))
schools <- rma.mv(yi, vi, random = ~ 1 | district/school, data = dat.konstantopoulos2011, control = FINE)
levels_of <- ranef(schools)
out$konstantopoulos2011_ranef <- list(
  yi = as.numeric(dat.konstantopoulos2011$yi), vi = dat.konstantopoulos2011$vi,
  district = as.character(dat.konstantopoulos2011$district), school = as.character(dat.konstantopoulos2011$school),
  districts = I(rownames(levels_of[[1]])), district_estimate = I(levels_of[[1]]$intrcpt), district_se = I(levels_of[[1]]$se),
  school_estimate = I(levels_of[[2]]$intrcpt), school_se = I(levels_of[[2]]$se))
save_as("further", out)
