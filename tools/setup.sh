#!/usr/bin/env bash
# Make the environment .venv and install ipdfer_mm into it as docs/install.md
# says; does nothing where that is done already. PYTHON names the Python to make
# it with.
#   bash tools/setup.sh [tests] [docs]    also what the tests, or the site, need
set -euo pipefail
cd "$(dirname "$0")/.."

new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2> /dev/null
}

# Not activated: activate holds the path that the folder had when it was made.
python=.venv/bin/python
if ! new_enough "$python" || ! "$python" -c 'import pip' 2> /dev/null; then
    PYTHON="${PYTHON:-python3}"
    if ! new_enough "$PYTHON"; then
        echo "ipdfer_mm needs Python 3.10 or newer, and $PYTHON is" \
            "$("$PYTHON" --version 2>&1). Name another with PYTHON=..." >&2
        exit 1
    fi
    if ! "$PYTHON" -m venv --clear .venv; then
        echo "The environment could not be made. On Debian and Ubuntu its" \
            "module is a package: apt-get install python3-venv" >&2
        exit 1
    fi
fi

pip() {
    "$python" -m pip --disable-pip-version-check "$@"
}

# install NAME FILES COMMAND...: run the command unless it was run for these
# files in this folder before.
install() {
    local stamp=".venv/installed_$1" files="$2" sum
    shift 2
    # shellcheck disable=SC2086
    sum="$(pwd; cat $files | cksum)"
    if [ "$(cat "$stamp" 2> /dev/null)" = "$sum" ]; then return; fi
    "$@"
    echo "$sum" > "$stamp"
}

install_package() {
    pip install torch==2.14.1 torchvision==0.29.1
    pip install --no-deps -r requirements/mminstall.txt
    pip install -e .
    check_opencv
}

# A package of the tests needs opencv-python and puts it back.
install_requirements() {
    pip install -r "$1"
    check_opencv
}

# opencv-python needs libraries of a desktop (libGL, libglib), which slim
# machines lack; the headless build of the same code does not.
check_opencv() {
    local found version
    if found="$("$python" -c 'import cv2' 2>&1)"; then return; fi
    case "$found" in
    *"cannot open shared object file"*) ;;
    *)
        echo "$found" >&2
        return 1
        ;;
    esac
    echo "${found##*$'\n'}"
    echo "Installing opencv-python-headless in its place. (Or install the" \
        "libraries: apt-get install libgl1 libglib2.0-0)"
    version="$(pip show opencv-python | sed -n 's/^Version: //p')"
    pip uninstall --yes opencv-python opencv-python-headless
    # Forced: the two builds share their files, which are gone now.
    pip install --no-deps --force-reinstall "opencv-python-headless==$version"
    "$python" -c 'import cv2'
}

install package "tools/setup.sh setup.py requirements/mminstall.txt
    requirements/openmmlab.txt requirements/runtime.txt" install_package
for name in "$@"; do
    install "$name" "requirements/$name.txt" \
        install_requirements "requirements/$name.txt"
done
