# Makes or refreshes .venv from a lock file; read by ./run, ./test and .ci/run. Works with bash 3.2.

# Compiled modules are kept even where a machine is told not to: tests, web, worker and beat start many processes that would each compile all.
unset PYTHONDONTWRITEBYTECODE

fail() { printf '%s\n' "$*" >&2; exit 1; }

is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
  local name
  for name in "${PYTHON:-}" python3 python3.13 python3.12 python3.11 python3.14 python; do
    if [ -n "$name" ] && command -v "$name" >/dev/null 2>&1 && is_new_enough "$name"; then
      command -v "$name"
      return 0
    fi
  done
  return 1
}

# venv_from LOCK: afterwards .venv holds what LOCK names. A copy of the lock inside .venv says what was installed last.
# requirements-dev.lock holds all of requirements.lock, so an up-to-date development environment serves ./run as well.
venv_from() {
  local lock=$1 python
  if .venv/bin/python -c '' >/dev/null 2>&1; then
    if cmp -s "$lock" .venv/installed.lock || cmp -s requirements-dev.lock .venv/installed.lock; then
      return 0
    fi
    if ! command -v uv >/dev/null 2>&1 && ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
      rm -rf .venv
    fi
  else
    rm -rf .venv
  fi

  python=$(find_python) || python=""
  if [ -z "$python" ] && ! command -v uv >/dev/null 2>&1; then
    if command -v python3 >/dev/null 2>&1; then
      fail "Physio needs Python 3.11 or newer; this machine has $(python3 --version 2>&1). Install a newer one and start again."
    fi
    fail "Physio needs Python 3.11 or newer, and there is no python3 here. Install it and start again."
  fi

  printf 'Setting up .venv from %s (once; it takes a minute without a cache)\n' "$lock"
  rm -f .venv/installed.lock
  if command -v uv >/dev/null 2>&1; then
    [ -x .venv/bin/python ] || uv venv --quiet --python "${python:->=3.11}" .venv || fail "uv could not make .venv"
    uv pip install --quiet --python .venv/bin/python --require-hashes -r "$lock" || fail "The packages of $lock could not be installed; see above."
  else
    if [ ! -x .venv/bin/python ]; then
      "$python" -c 'import ensurepip, venv' >/dev/null 2>&1 ||
        fail "Python's venv is missing. On Debian or Ubuntu: sudo apt install python3-venv"
      "$python" -m venv .venv || fail "Python could not make .venv; see above."
    fi
    # What is never imported need not be compiled; Python compiles the rest when it is first used.
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r "$lock" ||
      fail "The packages of $lock could not be installed; see above."
  fi
  cp "$lock" .venv/installed.lock
}
