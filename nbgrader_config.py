"""nbgrader's settings, for teachers who use it and for `python run.py labs`, which makes the labs with it."""

c = get_config()  # noqa: F821  (nbgrader gives this name a meaning when it reads the file)

c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "labs"
# What stays with the teacher: the recorded answers and the solutions' own README.
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", "answers.toml", "README.md"]

c.ClearSolutions.begin_solution_delimeter = "### BEGIN SOLUTION"
c.ClearSolutions.end_solution_delimeter = "### END SOLUTION"
c.ClearSolutions.code_stub = {"python": 'raise NotImplementedError("replace this line by your answer")'}

# A check may take as long here as under `python run.py grade`.
c.Execute.timeout = 60
