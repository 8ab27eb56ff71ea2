#!/usr/bin/env bash
# Commit a folder as the newest state of the branch `notebooks` of a repository, on top of what is
# there: those who pull the branch must find its history. `push_notebooks.sh FOLDER REPOSITORY NAME`
set -euo pipefail
made=$(realpath "$1") repository=$2 name=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
git init --quiet --initial-branch notebooks
if git fetch --quiet "$repository" notebooks 2>/dev/null; then
  git reset --quiet --soft FETCH_HEAD
fi
cp -a "$made/." .
git add --all
if git diff --cached --quiet 2>/dev/null && git rev-parse --quiet --verify HEAD >/dev/null; then
  echo "The notebooks are as they were."
  exit 0
fi
git -c user.name="$name" -c user.email="$name@users.noreply.github.com" \
  commit --quiet --message "Notebooks of a build"
git push --quiet "$repository" notebooks
