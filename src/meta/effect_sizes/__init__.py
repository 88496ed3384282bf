"""From report to effect: effect sizes, conversions, and the derivation of each effect."""
