"""Code envs: the Python and the packages that a model runs with.

A request says what a model's files ask for, a plan what the rules make of it, a resolution which
packages go together, an env is the venv that holds them. All differences on the way are kept as
relaxations.
"""
