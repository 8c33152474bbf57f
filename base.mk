# What only the base needs: it makes projects.

.PHONY: new wheel projects bare-documents

##@ Projects

new: $(SERVICE) ## Make a project (DEST=../shop NAME="Shop"; BARE=1 leaves out the sample)
	@$(BIN)/python -m scaffold new "$(or $(DEST),$(error say where: make new DEST=../shop NAME="Shop"))" \
		--name "$(or $(NAME),$(error give it a name: make new DEST=../shop NAME="Shop"))" $(if $(BARE),--bare)

wheel: $(INSTALLED) ## Build the tool that makes projects, with the base's history, in dist/
	@$(BIN)/python -m build --wheel --no-isolation --outdir dist release

# They run all checks in projects that they make, which takes too long for each `make check`.
LONG_PROOFS := tests/scaffold/test_in_a_project.py tests/scaffold/test_evolved_modules.py \
	$(addprefix tests/scaffold/modules/test_all_types.py::,test_a_check_of_the_project_passes \
		test_the_tests_of_the_modules_pass test_the_general_tests_pass) \
	tests/scaffold/test_made_projects.py::test_the_tests_of_the_project_pass[full] \
	$(addprefix tests/scaffold/updates/,test_derived.py test_newer_tools.py test_released.py)

projects: $(INSTALLED) ## Check made projects, and modules with fields of all types (half an hour)
	@$(BIN)/python -m pytest -o faulthandler_timeout=1800 $(LONG_PROOFS:%='%')

openapi: bare-documents

# It writes what differs from the project's own documents, so these are written first.
bare-documents: $(INSTALLED)
	@$(BIN)/python -m app openapi --write
	@PYTHONPATH=. $(BIN)/python scripts/bare_documents.py
