"""What stands behind `run.py`. It uses the standard library alone, because it makes the environment.

Three modules run inside the environment, when it is there: `program`, `ready` and `import_contracts`.
"""
