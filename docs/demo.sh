#!/bin/sh
# A plan, its apply, and the plan after it, which has no changes, on the embedded sandbox, in a copy of the example workspace.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cp -R config mappings rules "$folder"
cwctl=$(pwd)/$CWCTL
cd "$folder"

step() { printf '\n$ cwctl %s\n\n' "$*"; "$cwctl" "$@"; }

step validate
step plan --out demo.plan
step apply demo.plan --yes
step plan
