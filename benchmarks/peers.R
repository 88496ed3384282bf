# Times metafor on the data in a folder; prints one line a task: its name and seconds for one call.
folder <- commandArgs(trailingOnly = TRUE)[1]
suppressPackageStartupMessages(library(metafor))

one <- read.csv(file.path(folder, "one.csv"))
Y <- as.matrix(read.csv(file.path(folder, "many_y.csv")))
V <- as.matrix(read.csv(file.path(folder, "many_v.csv")))
arms <- read.csv(file.path(folder, "arms.csv"))

# the best of several rounds, as on the Python side
best <- function(call, times = 1, rounds = 3) {
  seconds <- replicate(rounds, sum(system.time(for (i in seq_len(times)) call())[c("user.self", "sys.self")]))
  min(seconds) / times
}
fit <- function(y, v, test = "knha") suppressWarnings(rma(y, v, test = test))

cat("fit", best(function() fit(one$yi, one$vi), 50), "\n")
whole <- fit(one$yi, one$vi)
large <- read.csv(file.path(folder, "large.csv"))
cat("fit_large", best(function() fit(large$yi, large$vi), rounds = 1), "\n")
for (k in c(5, 10, 100, 1000)) {
  set <- read.csv(file.path(folder, paste0("k", k, ".csv")))
  cat(paste0("k", k), best(function() fit(set$yi, set$vi), if (k > 100) 1 else 20), "\n")
}
# 2^13 sign patterns take as much longer as there are more of them
drawn <- best(function() permutest(whole, iter = 256, progbar = FALSE), rounds = 1)
cat("permutation", drawn * 2^nrow(one) / 256, "\n")
cat("leave_one_out", best(function() suppressWarnings(leave1out(whole)), 3), "\n")
cat("influence", best(function() suppressWarnings(influence(whole)), 3), "\n")
subsets <- read.csv(file.path(folder, "subsets.csv"))
drawn <- fit(subsets$yi, subsets$vi)
cat("gosh", best(function() gosh(drawn, subsets = 200, progbar = FALSE), rounds = 1) / 200, "\n")
failed <- 0
many <- function() for (j in seq_len(ncol(Y))) {
  found <- tryCatch(fit(Y[, j], V[, j]), error = function(e) NULL)
  if (is.null(found)) failed <<- failed + 1
}
cat("many", best(many, rounds = 1) / ncol(Y), "\n")
cat("many_failed", failed / ncol(Y), "\n")
sizes <- function() with(arms, escalc("SMD", m1i = mean_t, sd1i = sd_t, n1i = n_t,
                                      m2i = mean_c, sd2i = sd_c, n2i = n_c))
cat("effect_size", best(sizes, rounds = 3), "\n")
cat("version", format(packageVersion("metafor")), format(getRversion()), "\n")
