# Words for developers; each calls what ./run, ./test and .ci/run call.
.PHONY: check fix demo schema messages lock bench up down

PYTHON = .venv/bin/python
LOCK = uv pip compile pyproject.toml --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --python-version 3.11 --quiet

check: ## linters, types and contracts
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	git ls-files -z 'templates/*.html' | xargs -0 .venv/bin/djade --target-version 5.2 --check
	.venv/bin/codespell

fix: ## what the linters can repair by themselves
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .
	git ls-files -z 'templates/*.html' | xargs -0 .venv/bin/djade --target-version 5.2

demo: ## a fresh demo
	rm -rf var
	./run

schema: ## docs/openapi.yaml from the code
	$(PYTHON) manage.py spectacular --file docs/openapi.yaml --validate --fail-on-warn

messages: ## texts of code and templates into locale/
	$(PYTHON) manage.py messages

lock: ## newer versions within pyproject.toml
	$(LOCK) --upgrade --output-file requirements.lock
	$(LOCK) --extra dev --constraint requirements.lock --output-file requirements-dev.lock

bench: ## what is measured, against bare projects; needs PostgreSQL's programs
	$(PYTHON) bench/pages.py
	$(PYTHON) bench/reminders.py

up: ## the product with PostgreSQL and Redis in containers
	docker compose up --build --detach

down:
	docker compose down
