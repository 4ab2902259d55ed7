#!/usr/bin/env bash
# The commands of this repository. Run without arguments for a list.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")"
umask 022
export LC_ALL=C TZ=UTC

# Tools of the checks, pinned; they are built into dist/.tools, never added to go.mod.
readonly STATICCHECK=honnef.co/go/tools/cmd/staticcheck@v0.8.2
readonly GOLANGCI=github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
readonly GOFUMPT=mvdan.cc/gofumpt@v0.12.0
readonly SHFMT=mvdan.cc/sh/v3/cmd/shfmt@v3.14.1
readonly GOVULNCHECK=golang.org/x/vuln/cmd/govulncheck@v1.9.0
readonly GOIMPORTS=golang.org/x/tools/cmd/goimports@v0.51.0
readonly DEADCODE=golang.org/x/tools/cmd/deadcode@v0.51.0
readonly GREMLINS=github.com/go-gremlins/gremlins/cmd/gremlins@v0.6.0
readonly OPENTOFU=github.com/opentofu/opentofu@v1.12.6
readonly NODE_VERSIONS=(16.20.2 24.18.1)

readonly PLATFORMS=(darwin/amd64 darwin/arm64 linux/amd64 linux/arm64 windows/amd64 windows/arm64)
readonly MAIN=./cmd/assume-aws-role
readonly NODE_MODULES="$PWD/dist/.tools/npm/node_modules"

usage() {
  cat <<'USAGE'
usage: ./build.sh COMMAND

  demo              package everything and run examples/sandbox.yml with the packed task
  test [--full]     unit, script, packed-task and real-client tests; --full adds fuzzing,
                    the race detector, reproducibility, OpenTofu, Node 16 and 24, mutants
  package [--dev] [--publisher P] [--version V] [--without awsToolkit,azureDevOps]
                    build dist/<publisher>.assume-aws-role-<version>.vsix and what goes with it
  lint              formatters, vet, linters, shellcheck, manifest rules
  mutants [package…]
                    which faults in packages below pkg their tests do not notice;
                    without arguments in all that are shipped, which takes long
  bench             measure the budgets of speed and size
  verify FILE.vsix  rebuild from this checkout and compare
USAGE
}

say() { printf '== %s\n' "$*" >&2; }

die() {
  printf 'build.sh: %s\n' "$*" >&2
  exit 1
}

# missing NAME HELP: what cannot be found is named and skipped; in CI that fails.
missing() {
  if [[ ${CI:-} == true ]]; then
    die "missing: $1 ($2)"
  fi
  printf '== skipped, missing: %s (%s)\n' "$1" "$2" >&2
}

have() { command -v "$1" >/dev/null 2>&1; }

need() { have "$1" || die "$1 is not installed: $2"; }

# Finds Go, fixes its version to the one go.mod names, and takes away settings
# that would change the bytes of a build.
prepare() {
  mkdir -p dist
  if [[ -z ${HOME:-} ]]; then
    export HOME="$PWD/dist/.home"
    mkdir -p "$HOME"
  fi
  have go || PATH="$PATH:/usr/local/go/bin"
  need go "see https://go.dev/doc/install"
  local version
  version=$(awk '$1 == "go" { v = $2 } $1 == "toolchain" { sub(/^go/, "", $2); v = $2 } END { print v }' go.mod)
  export GOTOOLCHAIN="go$version" GOWORK=off GOFLAGS=-mod=readonly GOEXPERIMENT=''
  export GOAMD64=v1 GOARM64=v8.0
  unset GOOS GOARCH CGO_ENABLED CGO_CFLAGS CGO_LDFLAGS GODEBUG
}

# tool MODULE@VERSION: builds a pinned tool once and prints its path.
tool() {
  local module=$1 name dir
  name=${module%@*}
  name=${name##*/}
  dir="$PWD/dist/.tools/${name}-${module##*@}"
  if [[ ! -x "$dir/$name" ]]; then
    say "building $module"
    GOBIN="$dir" GOFLAGS='' go install "$module" >&2 || return 1
  fi
  printf '%s\n' "$dir/$name"
}

# release ARGS: the packaging tool of this repository.
release() {
  go build -o dist/.tools/release ./cmd/release && dist/.tools/release "$@"
}

# install_npm: the packaging tool of Azure DevOps, and what the set-up page and its tests
# need, as package-lock.json pins them.
install_npm() {
  need node "see https://nodejs.org/en/download"
  need npm "see https://nodejs.org/en/download"
  local dir=dist/.tools/npm
  if cmp -s package-lock.json "$dir/installed-lock.json"; then
    return
  fi
  say "installing npm packages"
  rm -rf "$dir"
  mkdir -p "$dir"
  cp package.json package-lock.json "$dir/"
  npm ci --prefix "$dir" --ignore-scripts --no-audit --no-fund --loglevel=error >&2
  cp package-lock.json "$dir/installed-lock.json"
}

# run_tfx STAGE FILE: makes the manifests; any warning is a failure, because tfx
# only warns about tasks that the service will refuse.
run_tfx() {
  local log
  log=$(node "$NODE_MODULES/tfx-cli/_build/tfx-cli.js" extension create --no-color --no-prompt \
    --root "$1" --manifest-globs vss-extension.json --output-path "$2" 2>&1) || die "tfx failed: $log"
  if grep -qiE 'warn|error' <<<"$log"; then
    die "tfx is not content: $log"
  fi
}

# build_page DIR: the set-up page, outside the task.
build_page() {
  node cmd/setup-page/build.mjs "$NODE_MODULES" "$1" || die "the set-up page could not be built"
}

# build_binaries DIR VERSION EXTENSION. Never with -buildid=: it drops LC_UUID on macOS.
# HTTP/2 is left out (-5 %): three small requests gain nothing from it. Functions
# are not inlined (-7 %, -13 % compressed): the time goes into the network.
build_binaries() {
  local dir=$1 version=$2 extension=$3 platform suffix
  mkdir -p "$dir"
  for platform in "${PLATFORMS[@]}"; do
    suffix=bin
    if [[ $platform == windows/* ]]; then suffix=exe; fi
    CGO_ENABLED=0 GOOS=${platform%/*} GOARCH=${platform#*/} go build -trimpath -buildvcs=false \
      -tags nethttpomithttp2 -gcflags=all=-l -ldflags "-s -w -X main.stamp=assume-aws-role/$version -X main.extension=$extension" \
      -o "$dir/assume-aws-role-${platform/\//-}.$suffix" "$MAIN"
  done
}

# check_version DIR VERSION: this machine's binary says which version it is.
check_version() {
  local host said
  host=$(go env GOOS)-$(go env GOARCH)
  local binary
  binary=$(find "$1" -name "assume-aws-role-$host.*")
  if [[ -z $binary ]]; then return; fi
  said=$("$binary" version)
  [[ $said == "assume-aws-role $2" ]] || die "the binary says '$said', not 'assume-aws-role $2'"
}

# package_into DIR FLAGS: builds everything into DIR; VSIX is the package then.
VSIX=
package_into() {
  local out=$1 work identity publisher extension version vsix
  shift
  work="$out/.work"
  rm -rf "$work"
  mkdir -p "$work"
  install_npm
  build_page "$work/page"
  identity=$(release stage --out "$work/stage" --page "$work/page" "$@")
  read -r publisher extension version <<<"$identity"
  say "packaging $publisher.$extension $version"
  build_binaries "$work/bin" "$version" "$publisher.$extension"
  check_version "$work/bin" "$version"
  release notices --bin "$work/bin" --out "$work/notices.txt"
  run_tfx "$work/stage" "$work/tfx.vsix"
  vsix="$out/$publisher.$extension-$version.vsix"
  if [[ $extension == *-dev ]]; then
    rm -f "$out"/*."$extension"-*.vsix
  else
    find "$out" -maxdepth 1 -type f -delete
  fi
  release pack --tfx "$work/tfx.vsix" --bin "$work/bin" --notices "$work/notices.txt" --out "$vsix"
  release check "$vsix"
  if [[ $extension != *-dev ]]; then
    release extras --bin "$work/bin" --version "$version" --out "$out"
  fi
  release sizes --bin "$work/bin" "$vsix" >&2
  VSIX=$vsix
}

package() {
  package_into dist "$@"
  say "$(sha256 "$VSIX")"
  printf '%s\n' "$VSIX"
}

sha256() {
  if have sha256sum; then sha256sum "$1"; else shasum -a 256 "$1"; fi
}

verify() {
  [[ $# == 1 && -f $1 ]] || die "verify needs one VSIX file"
  local flags
  release check "$1"
  flags=$(release flags "$1")
  mkdir -p dist/.verify
  # shellcheck disable=SC2086 # one flag a word, none holds a space
  package_into dist/.verify $flags
  release compare "$VSIX" "$1"
  say "identical: $1 is what this checkout builds"
}

demo() {
  package_into dist
  go run ./cmd/pipeline-sandbox run examples/sandbox.yml --vsix "$VSIX"
}

# go_test ARGS: runs tests, shows failures in full and what was skipped by name.
go_test() {
  local log=dist/.work/test.log status=0
  mkdir -p dist/.work
  go test -v -timeout 20m "$@" >"$log" 2>&1 || status=$?
  if [[ $status != 0 ]]; then
    grep -vE '^(=== |\s*--- (PASS|SKIP)|PASS$)' "$log" >&2 || true
  fi
  grep -E '^(ok|FAIL)\s' "$log" || true
  if grep -E 'missing: ' "$log" | sort -u | sed 's/^ */== skipped, /' >&2 && [[ ${CI:-} == true ]] && grep -q 'missing: ' "$log"; then
    die "tests were skipped because something is missing, see above"
  fi
  return "$status"
}

# vulnerability_db: prints the -db argument for govulncheck: the directory or
# archive that AAR_VULNDB names, else the public database when it answers.
vulnerability_db() {
  local dir=dist/.tools/vulndb
  if [[ -n ${AAR_VULNDB:-} ]]; then
    if [[ -d $AAR_VULNDB ]]; then
      printf 'file://%s\n' "$(cd "$AAR_VULNDB" && pwd)"
      return
    fi
    rm -rf "$dir"
    mkdir -p "$dir"
    tar -xzf "$AAR_VULNDB" -C "$dir"
    local first
    first=$(find "$dir" -name 'GO-*.json' -print -quit)
    printf 'file://%s\n' "$(cd "$(dirname "$first")" && pwd)"
    return
  fi
  if have curl && curl -sf -m 5 -o /dev/null https://vuln.go.dev/index/db.json; then
    printf 'https://vuln.go.dev\n'
  fi
}

# vulnerabilities MODE TARGET...
vulnerabilities() {
  local db mode=$1 target
  shift
  db=$(vulnerability_db)
  if [[ -z $db ]]; then
    say "govulncheck skipped: AAR_VULNDB names no database (a directory or .tar.gz of OSV files), and the public one cannot be reached"
    return
  fi
  local check
  check=$(tool "$GOVULNCHECK")
  for target in "$@"; do
    say "govulncheck $mode $target"
    "$check" -db "$db" -mode "$mode" "$target"
  done
}

lint() {
  say "formatters"
  same_format "$(tool "$GOFUMPT")" cmd pkg
  same_format "$(tool "$GOIMPORTS")" -local github.com/assume-aws-role/assume-aws-role cmd pkg
  say "go vet"
  go vet ./...
  GOOS=js GOARCH=wasm go vet ./cmd/setup-page
  say "staticcheck"
  "$(tool "$STATICCHECK")" ./...
  say "golangci-lint"
  "$(tool "$GOLANGCI")" run ./...
  say "deadcode"
  local dead
  dead=$("$(tool "$DEADCODE")" -test ./...)
  [[ -z $dead ]] || die "unreachable code: $dead"
  say "go mod tidy"
  GOFLAGS='' go mod tidy -diff
  say "manifest rules"
  go test -count=1 ./pkg/lab/manifest
  lint_scripts
  vulnerabilities source ./...
}

same_format() {
  local out
  out=$("$1" -l "${@:2}")
  [[ -z $out ]] || die "not formatted by $(basename "$1"): $out"
}

lint_scripts() {
  say "scripts"
  if have shellcheck; then
    shellcheck build.sh .ci/run
  else
    missing shellcheck "apt-get install shellcheck"
  fi
  "$(tool "$SHFMT")" -i 2 -d build.sh .ci/run
  if have node; then
    node --check task/index.js
    node --check task/post.js
    install_npm
    node "$NODE_MODULES/typescript/bin/tsc" -p cmd/setup-page/web
  else
    missing node "see https://nodejs.org/en/download"
  fi
}

run_tests() {
  local full=false
  case "${1:-}" in
  --full) full=true ;;
  '') ;;
  *) die "test knows only --full" ;;
  esac
  package_into dist
  export AAR_VSIX="$PWD/$VSIX" AAR_NODE_MODULES="$NODE_MODULES"
  if [[ $full == true ]]; then
    test_full
  else
    go_test -shuffle=on -count=1 ./...
    vulnerabilities binary "dist/.work/bin/assume-aws-role-linux-amd64.bin"
  fi
  say "all tests passed"
}

test_full() {
  test_tofu
  test_race
  test_node_versions
  test_fuzz
  mutants trustpolicy vso claims iam exchange pipeline
  test_reproducible
  local binaries=(dist/.work/bin/assume-aws-role-*)
  vulnerabilities binary "${binaries[@]}"
}

test_tofu() {
  local program="$PWD/dist/.tools/tofu-${OPENTOFU##*@}"
  if [[ ! -x $program ]]; then
    say "building $OPENTOFU, which takes minutes"
    if ! build_tofu "$program"; then
      missing OpenTofu "module $OPENTOFU"
      return
    fi
  fi
  say "OpenTofu"
  AAR_TOFU="$program" go_test -count=1 -run Tofu ./pkg/lab/clients
}

# build_tofu FILE: builds OpenTofu where the module cache holds it, because go install
# refuses a module with replace directives.
build_tofu() {
  local answer source
  answer=$(cd / && GOFLAGS='' go mod download -json "$OPENTOFU") || {
    printf '%s\n' "$answer" >&2
    return 1
  }
  source=$(awk -F'"' '$2 == "Dir" { print $4 }' <<<"$answer")
  (cd "$source" && go build -trimpath -o "$1" ./cmd/tofu)
}

test_race() {
  if have "${CC:-gcc}"; then
    say "race detector"
    go_test -race -shuffle=on -count=1 ./...
  else
    missing "a C compiler" "the race detector needs one, apt-get install gcc"
    go_test -shuffle=on -count=1 ./...
  fi
}

test_node_versions() {
  need npm "see https://nodejs.org/en/download"
  local version dir
  for version in "${NODE_VERSIONS[@]}"; do
    dir="$PWD/dist/.tools/node-$version"
    if [[ ! -x $dir/bin/node ]]; then
      say "installing Node $version"
      if ! install_node "$version" "$dir"; then
        missing "Node $version" "npm package node@$version"
        continue
      fi
    fi
    say "packed task on Node $version"
    AAR_NODE="$dir/bin/node" go_test -count=1 ./pkg/lab/shim ./pkg/lab/miniagent
  done
}

# install_node VERSION DIR: takes the platform's package, which holds the program.
install_node() {
  local package
  package="node-$(node -p 'process.platform.replace("win32", "win") + "-" + process.arch')@$1"
  mkdir -p "$2"
  (cd "$2" && npm install --prefix . --no-save --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error "$package" >&2) || return 1
  mkdir -p "$2/bin"
  cp "$2"/node_modules/node-*/bin/node "$2/bin/node"
}

test_fuzz() {
  local file package name
  while IFS=: read -r file name; do
    package="./$(dirname "$file")"
    say "fuzzing $name in $package"
    go test -run '^$' -fuzz "^$name\$" -fuzztime=20000x "$package" >dist/.work/fuzz.log 2>&1 || {
      cat dist/.work/fuzz.log >&2
      die "$name found something"
    }
  done < <(git ls-files '*_test.go' | xargs grep -HoE '^func Fuzz[A-Za-z0-9_]+' | sed 's/func //')
}

# test_reproducible: two clones in two folders with two caches give the same bytes.
test_reproducible() {
  say "reproducibility"
  if ! have git || [[ ! -e .git ]]; then
    missing "a git checkout" "clone the repository instead of unpacking it"
    return
  fi
  local base
  base=$(mktemp -d)
  # shellcheck disable=SC2064 # the path is fixed now
  trap "rm -rf '$base'" EXIT
  git clone -q . "$base/one"
  git clone -q . "$base/a second folder"
  (cd "$base/one" && ./build.sh package >/dev/null)
  (cd "$base/a second folder" && GOCACHE="$base/cache" ./build.sh package >/dev/null)
  cmp "$base/one/dist/SHA256SUMS" "$base/a second folder/dist/SHA256SUMS" || die "two builds of one commit differ"
  say "identical: $(grep vsix "$base/one/dist/SHA256SUMS")"
}

mutants() {
  local gremlins
  gremlins=$(tool "$GREMLINS")
  say "mutants"
  go run ./cmd/mutants -gremlins "$gremlins" "$@"
}

bench() {
  package_into dist
  go run ./cmd/bench "$VSIX"
  go test -run '^$' -bench . -benchmem ./...
}

main() {
  if [[ $# == 0 ]]; then
    usage
    exit 2
  fi
  local command=$1
  shift
  prepare
  case $command in
  demo) demo "$@" ;;
  test) run_tests "$@" ;;
  package) package "$@" ;;
  lint) lint "$@" ;;
  mutants) mutants "$@" ;;
  bench) bench "$@" ;;
  verify) verify "$@" ;;
  help | -h | --help) usage ;;
  *)
    usage >&2
    exit 2
    ;;
  esac
}

main "$@"
