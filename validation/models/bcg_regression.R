# Regression of the BCG trials on how people were allocated and on latitude.
source(file.path(dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)[1])), "models.R"))

dat <- escalc(measure = "RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
out <- list(yi = as.numeric(dat$yi), vi = as.numeric(dat$vi), alloc = dat$alloc, ablat = dat$ablat)
for (test in c("z", "knha")) {
  r <- rma(yi, vi, mods = ~ alloc + ablat, data = dat, test = test, control = CONTROL)
  inf <- influence(r)
  o <- lapply(as.list(as.data.frame(inf$inf)[c("rstudent", "dffits", "cook.d", "cov.r", "tau2.del", "QE.del", "hat", "weight")]), as.numeric)
  o$dfbetas <- lapply(unname(as.list(as.data.frame(inf$dfbs))), as.numeric)
  for (kind in c("rstandard", "rstudent")) {
    z <- get(kind)(r)
    o[[paste0(kind, "_table")]] <- list(resid = as.numeric(z$resid), se = as.numeric(z$se), z = as.numeric(z$z))
  }
  at <- mean(dat$ablat)
  mm <- predict(r, newmods = rbind(c(0, 0, at), c(1, 0, at), c(0, 1, at)))
  o$marginal_alloc <- list(pred = mm$pred, se = mm$se, ci_low = mm$ci.lb, ci_high = mm$ci.ub)
  a <- anova(r, btt = 2:3)
  o$factor <- list(statistic = a$QM, p = a$QMp)
  a <- anova(r, X = rbind(c(0, 1, 0, 0), c(0, 0, 1, 0), c(0, -1, 1, 0)))
  o$contrasts <- list(estimate = as.numeric(a$Xb), se = as.numeric(a$se), statistic = as.numeric(a$zval), p = as.numeric(a$pval))
  out[[test]] <- o
}
for (method in c("ML", "REML", "DL")) {
  full <- rma(yi, vi, mods = ~ alloc + ablat, data = dat, method = method, control = CONTROL)
  mean_only <- rma(yi, vi, data = dat, method = method, control = CONTROL)
  of <- function(r) list(log_likelihood = as.numeric(logLik(r)), aic = AIC(r), bic = BIC(r), tau2 = r$tau2, tau2_se = r$se.tau2)
  out[[paste0("fit_", method)]] <- of(full)
  out[[paste0("mean_", method)]] <- of(mean_only)
}
a <- anova(rma(yi, vi, mods = ~ alloc + ablat, data = dat, method = "ML", control = CONTROL),
           rma(yi, vi, mods = ~ alloc, data = dat, method = "ML", control = CONTROL))
out$likelihood_ratio <- list(statistic = a$LRT, p = a$pval)
r <- rma(yi, vi, mods = ~ alloc * ablat, data = dat, control = CONTROL)
a <- anova(r, btt = 5:6)
out$interaction <- list(b = as.numeric(r$b), se = as.numeric(r$se), statistic = a$QM, p = a$QMp)
save_as("bcg_regression", out)
