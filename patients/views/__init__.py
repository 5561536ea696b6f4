"""The pages: scope, form, action, render."""
