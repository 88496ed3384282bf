"""Are small or unwelcome results missing?"""
