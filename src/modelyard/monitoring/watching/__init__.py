"""How models, stores, scenarios and projects are, by what was last found of them."""
