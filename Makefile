# For those who like make. Everything is done by run.py, which also works where make is missing.
PYTHON ?= python3

.PHONY: lab test notebooks labs bench lock

lab test notebooks labs bench:
	$(PYTHON) run.py $@

# After a change of pyproject.toml or requirements.txt: pin everything beneath them again.
lock:
	uv pip compile pyproject.toml --extra lab --extra dev --constraint requirements.txt \
	  --universal --fork-strategy fewest --python-version 3.11 --no-emit-index-url --no-emit-find-links \
	  --custom-compile-command "make lock" --output-file requirements-lock.txt
