"""The same list and entry by Django REST framework, as its tutorial writes them."""
