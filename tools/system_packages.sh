#!/usr/bin/env bash
# Install what comes from the operating system, if it is not there:
# system_packages.sh pdf|browser|venv. Says nothing when nothing is missing. Otherwise installs with
# apt-get, as root or with sudo, or says in a line what is missing and how to get it, and exits 1.
set -euo pipefail
cd "$(dirname "$0")/.."

has() { command -v "$1" >/dev/null; }

case ${1:-} in
  pdf)
    what="The PDF needs XeLaTeX, latexmk and the TeX Gyre and DejaVu fonts"
    packages="texlive-xetex texlive-latex-extra latexmk texlive-fonts-recommended"
    packages+=" fonts-texgyre fonts-texgyre-math fonts-dejavu-core"
    # Ask TeX for one file of each package, so that any complete TeX installation will do.
    present() {
      has xelatex && has latexmk && has kpsewhich &&
        kpsewhich tcolorbox.sty unicode-math.sty pzdr.tfm texgyrepagella-regular.otf \
          texgyrepagella-math.otf DejaVuSansMono.ttf >/dev/null
    }
    ;;
  browser)
    what="The tests in a browser need Chromium, those of the PDF need poppler-utils"
    packages="chromium poppler-utils"
    present() { has chromium && has pdftotext; }
    ;;
  venv)
    what="Python's virtual environments need the package python3-venv"
    packages="python3-venv"
    ! has python3.11 || packages="python3.11-venv"
    present() { false; }
    ;;
  *)
    echo "usage: $0 pdf|browser|venv" >&2
    exit 2
    ;;
esac

if present; then exit 0; fi

root=
if [[ $(id -u) != 0 ]]; then root="sudo -n"; fi
if has apt-get && { [[ -z $root ]] || $root true 2>/dev/null; }; then
  echo "Installing Debian packages: $packages."
  mkdir -p _build
  # An unreachable third-party source must not stop us: what counts is whether the packages come.
  # Nor must one that is missing (Ubuntu has no chromium but as a snap) keep the others away.
  get="apt-get install --yes --no-install-recommends -o DPkg::Lock::Timeout=300"
  $root env DEBIAN_FRONTEND=noninteractive bash -c "apt-get update
    $get $packages || for one in $packages; do $get \$one; done" >_build/apt.log 2>&1 || true
  hash -r
  if [[ $1 == venv ]] || present; then exit 0; fi
fi
echo "$what: on Debian or Ubuntu run 'sudo apt-get install --no-install-recommends $packages'," \
  "then run make again." >&2
exit 1
