# Answers of R's metafor for models beyond one mean: regression diagnostics, mixed models, counts.
#
#   Rscript validation/models/models.R FOLDER      write the files to FOLDER
#
# Data sets are metadat's. Numbers in full precision, iterations converged.

suppressPackageStartupMessages(library(metafor))
CONTROL <- list(threshold = 1e-12, maxiter = 5000)

json <- function(x) {
  if (is.list(x)) {
    parts <- vapply(x, json, "")
    if (is.null(names(x))) return(paste0("[", paste(parts, collapse = ", "), "]"))
    return(paste0("{", paste0('"', names(x), '": ', parts, collapse = ",\n"), "}"))
  }
  if (is.matrix(x)) return(json(lapply(seq_len(nrow(x)), function(i) I(x[i, ]))))
  one <- if (is.numeric(x)) ifelse(is.finite(x), formatC(as.numeric(x), digits = 15, format = "g", flag = "#"), "null")
         else paste0('"', as.character(x), '"')
  one <- sub("\\.$", ".0", trimws(one))
  if (length(one) == 1 && !inherits(x, "AsIs")) one else paste0("[", paste(one, collapse = ", "), "]")
}
folder <- commandArgs(trailingOnly = TRUE)[1]
save_as <- function(name, answers) writeLines(json(answers), file.path(folder, paste0(name, ".json")))
