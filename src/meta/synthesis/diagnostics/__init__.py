"""Does the answer hold when something else is done?"""
