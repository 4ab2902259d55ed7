#!/usr/bin/env bash
# The commands of this repository. Run without arguments for a list.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")"
umask 022
export LC_ALL=C TZ=UTC

# Tools that are written in Go, pinned; they are built into dist/.tools, never added to go.mod.
readonly STATICCHECK=honnef.co/go/tools/cmd/staticcheck@v0.8.2
readonly GOLANGCI=github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
readonly GOFUMPT=mvdan.cc/gofumpt@v0.12.0
readonly SHFMT=mvdan.cc/sh/v3/cmd/shfmt@v3.14.1
readonly GOVULNCHECK=golang.org/x/vuln/cmd/govulncheck@v1.9.0
readonly GOIMPORTS=golang.org/x/tools/cmd/goimports@v0.51.0
readonly DEADCODE=golang.org/x/tools/cmd/deadcode@v0.51.0
readonly GREMLINS=github.com/go-gremlins/gremlins/cmd/gremlins@v0.6.0
readonly GOVERSIONINFO=github.com/josephspurrier/goversioninfo/cmd/goversioninfo@v1.7.0

readonly PLATFORMS="darwin/amd64 darwin/arm64 linux/amd64 linux/arm64 windows/amd64 windows/arm64"
readonly MAIN=cmd/assume-aws-role
readonly NODE_MODULES="$PWD/dist/.tools/npm/node_modules"

usage() {
  cat <<'USAGE'
usage: ./build.sh COMMAND

  demo              run examples/sandbox.yml with the packed task, built for this machine,
                    against stand-ins of Azure DevOps and AWS on loopback
  test [--full]     unit, script, packed-task and real-client tests; --full adds fuzzing, the
                    race detector, reproducibility, OpenTofu, Node 16 and 24, mutants
  package [--dev] [--publisher P] [--version V] [--without awsToolkit,azureDevOps]
                    build dist/<publisher>.assume-aws-role-<version>.vsix and what goes with it
  lint              formatters, vet, linters, shellcheck, manifest rules
  mutants [package…]
                    which faults in packages below pkg their tests do not notice;
                    without arguments in all that are shipped, which takes long
  bench             measure the budgets of speed and size
  verify FILE.vsix  rebuild from this checkout and compare

They need Go 1.21 or newer (which fetches the version that go.mod names), Node 20 or
newer and npm. The first run compiles everything and fetches the packages that
package-lock.json pins: that takes minutes.
USAGE
}

say() { printf '== %s\n' "$*" >&2; }

die() {
  printf 'build.sh: %s\n' "$*" >&2
  exit 1
}

# missing NAME HELP: what cannot be found is named and skipped; in CI that fails.
missing() {
  [[ ${CI:-} != true ]] || die "missing: $1 ($2)"
  say "skipped, missing: $1 ($2)"
}

have() { command -v "$1" >/dev/null 2>&1; }

# Finds Go, fixes its version to the one go.mod names, and takes away settings that
# would change the bytes of a build.
prepare() {
  mkdir -p dist
  if [[ -z ${HOME:-} ]]; then
    export HOME="$PWD/dist/.home"
    mkdir -p "$HOME"
  fi
  have go || PATH="$PATH:/usr/local/go/bin"
  have go || die "Go is not installed: see https://go.dev/doc/install"
  local version found
  version=$(awk '$1 == "go" { v = $2 } $1 == "toolchain" { sub(/^go/, "", $2); v = $2 } END { print v }' go.mod)
  found=$(cd / && go version)
  if [[ $found =~ go1\.([0-9]+) && ${BASH_REMATCH[1]} -lt 21 ]]; then
    die "Go 1.21 or newer is required, which then fetches Go $version by itself; $(command -v go) is ${found#go version }"
  fi
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

# Installs what package-lock.json pins: the packaging tool of Azure DevOps, and what
# the set-up page and its tests need.
install_npm_packages() {
  local dir=dist/.tools/npm major
  { have node && have npm; } || die "Node 20 and npm are required: see https://nodejs.org/en/download"
  major=$(node -p 'process.versions.node.split(".")[0]')
  ((major >= 20)) || die "Node 20 or newer is required, and $(command -v node) is $(node --version)"
  if cmp -s package-lock.json "$dir/installed-lock.json"; then return; fi
  say "installing the packages of package-lock.json"
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
  if grep -qiE 'warn|error' <<<"$log"; then die "tfx warned: $log"; fi
}

# overlay DIR: prints a file that lets go build take Go's runtime with one change: it
# does not read its own environment variables. They are set for other programs, and
# a wrong one (GOMEMLIMIT=1GB) ends a program before its main can say anything.
overlay() {
  local root name
  root=$(go env GOROOT)/src/runtime
  for name in env_posix.go proc.go; do
    awk '/^func gogetenv\(key string\) string \{$/ { $0 = $0 " return \"\""; n++ }
      /^func getGodebugEarly\(\) \(string, bool\) \{$/ { $0 = $0 " return \"\", true"; n++ }
      { print } END { exit n != 1 }' "$root/$name" >"$1/$name" || die "$root/$name has changed: look at function overlay in build.sh"
  done
  printf '{"Replace": {"%s": "%s", "%s": "%s"}}\n' "$root/env_posix.go" "$PWD/$1/env_posix.go" "$root/proc.go" "$PWD/$1/proc.go" >"$1/overlay.json"
  printf '%s\n' "$1/overlay.json"
}

# version_resource ARCH VERSION PUBLISHER WORK: what Windows shows as the properties of
# the program, and what policies may allow it by. The linker takes it from the
# package's folder; cleanup removes it.
version_resource() {
  local arm=false program product
  [[ $1 != arm64 ]] || arm=true
  program=$(tool "$GOVERSIONINFO")
  product=$(node -p 'JSON.parse(fs.readFileSync(process.argv[1])).name' "$4/stage/vss-extension.json")
  echo '{}' >"$4/versioninfo.json"
  "$program" -64 -arm="$arm" -o "$MAIN/version_windows_$1.syso" -propagate-ver-strings -company "$3" -product-name "$product" \
    -description "Assume AWS role with OIDC" -internal-name assume-aws-role -original-name assume-aws-role.exe \
    -product-version "$2.0" -file-version "$2.0" "$4/versioninfo.json"
}

cleanup() { rm -f "$MAIN"/*.syso; }

# build_binaries WORK PUBLISHER EXTENSION VERSION PLATFORM…  Never with -buildid=: it drops
# LC_UUID on macOS. HTTP/2 is left out (-5 %): three small requests gain nothing from it.
# Functions are not inlined (-7 %, -13 % compressed): the time goes into the network.
build_binaries() {
  local work=$1 publisher=$2 extension=$3 version=$4 platform suffix overlay number=0 started=$SECONDS
  shift 4
  overlay=$(overlay "$work")
  trap cleanup EXIT
  for platform in "$@"; do
    number=$((number + 1))
    say "building for $platform ($number of $#)"
    suffix=bin
    if [[ $platform == windows/* ]]; then
      suffix=exe
      version_resource "${platform#*/}" "$version" "$publisher" "$work"
    fi
    CGO_ENABLED=0 GOOS=${platform%/*} GOARCH=${platform#*/} go build -trimpath -buildvcs=false -overlay "$overlay" \
      -tags nethttpomithttp2 -gcflags=all=-l \
      -ldflags "-s -w -X main.stamp=assume-aws-role/$version -X main.extension=$publisher.$extension" \
      -o "$work/bin/assume-aws-role-${platform/\//-}.$suffix" "./$MAIN"
  done
  cleanup
  say "built in $((SECONDS - started)) s"
}

# package_into OUT PLATFORMS FLAGS: stages, builds and packs; VSIX is the package then.
VSIX=
package_into() {
  local out=$1 platforms=$2 work="$1/.work" identity publisher extension version
  shift 2
  rm -rf "$work"
  mkdir -p "$work/bin"
  install_npm_packages
  say "building the set-up page"
  node cmd/setup-page/build.mjs "$NODE_MODULES" "$work/setup"
  identity=$(node cmd/release/stage.mjs "$work/stage" --setup "$work/setup" "$@")
  read -r publisher extension version <<<"$identity"
  say "packaging $publisher.$extension $version"
  # shellcheck disable=SC2086 # a list of words
  build_binaries "$work" "$publisher" "$extension" "$version" $platforms
  run_tfx "$work/stage" "$work/tfx.vsix"
  VSIX="$out/$publisher.$extension-$version.vsix"
  if [[ $extension == *-dev ]]; then
    rm -f "$out"/*."$extension"-*.vsix
  else
    find "$out" -maxdepth 1 -type f -delete
  fi
  if [[ $platforms != "$PLATFORMS" ]]; then
    release pack "$work/tfx.vsix" "$work/bin" '' "$NODE_MODULES" "$VSIX"
    return
  fi
  say "compressing"
  node cmd/release/deflate.mjs "$NODE_MODULES" "$work/bin" "$work/deflated"
  release pack "$work/tfx.vsix" "$work/bin" "$work/deflated" "$NODE_MODULES" "$VSIX"
  release check "$VSIX"
  [[ $extension == *-dev ]] || release extras "$work/bin" "$NODE_MODULES" "$version" "$out"
}

package() {
  package_into dist "$PLATFORMS" "$@"
  say "$(sha256 "$VSIX")"
  printf '%s\n' "$VSIX"
}

sha256() {
  if have sha256sum; then sha256sum "$1"; else shasum -a 256 "$1"; fi
}

verify() {
  [[ $# == 1 && -f $1 ]] || die "verify needs one VSIX file"
  local flags flag words=()
  release check "$1"
  flags=$(release flags "$1")
  while read -r flag; do
    [[ -z $flag ]] || words+=("$flag")
  done <<<"$flags"
  package_into dist/.verify "$PLATFORMS" ${words[@]+"${words[@]}"}
  release compare "$VSIX" "$1"
  say "identical: $1 is what this checkout builds"
}

demo() {
  [[ $# == 0 ]] || die "demo takes no arguments, see ./build.sh --help"
  say "packing the task for this machine; the first time, that takes minutes"
  package_into dist/.demo "$(go env GOHOSTOS)/$(go env GOHOSTARCH)"
  say "building the sandbox: stand-ins of Azure DevOps and AWS, and a small agent"
  go build -o dist/.tools/pipeline-sandbox ./cmd/pipeline-sandbox
  say "running examples/sandbox.yml; what follows is the log of a pipeline"
  dist/.tools/pipeline-sandbox run examples/sandbox.yml --vsix "$VSIX"
}

# vulnerability_db: prints the -db argument for govulncheck: the directory or
# archive that AAR_VULNDB names, else the public database when it answers.
vulnerability_db() {
  local dir=dist/.tools/vulndb first
  if [[ -z ${AAR_VULNDB:-} ]]; then
    if have curl && curl -sf -m 5 -o /dev/null https://vuln.go.dev/index/db.json; then
      printf 'https://vuln.go.dev\n'
    fi
    return
  fi
  if [[ -d $AAR_VULNDB ]]; then
    printf 'file://%s\n' "$(cd "$AAR_VULNDB" && pwd)"
    return
  fi
  rm -rf "$dir"
  mkdir -p "$dir"
  tar -xzf "$AAR_VULNDB" -C "$dir"
  first=$(find "$dir" -name 'GO-*.json' -print -quit)
  printf 'file://%s\n' "$(cd "$(dirname "$first")" && pwd)"
}

# vulnerabilities MODE TARGET...
vulnerabilities() {
  local db mode=$1 target check
  shift
  db=$(vulnerability_db)
  if [[ -z $db ]]; then
    say "govulncheck skipped: AAR_VULNDB names no database (a directory or .tar.gz of OSV files), and the public one cannot be reached"
    return
  fi
  check=$(tool "$GOVULNCHECK")
  for target in "$@"; do
    say "govulncheck $mode $target"
    "$check" -db "$db" -mode "$mode" "$target"
  done
}

lint() {
  local dead
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
  dead=$("$(tool "$DEADCODE")" -test ./...)
  [[ -z $dead ]] || die "unreachable code: $dead"
  say "go mod tidy"
  GOFLAGS='' go mod tidy -diff
  say "manifest rules"
  go test -count=1 ./pkg/lab/manifest
  say "scripts"
  if have shellcheck; then shellcheck build.sh .ci/run; else missing shellcheck "apt-get install shellcheck"; fi
  "$(tool "$SHFMT")" -i 2 -d build.sh .ci/run
  local script
  for script in task/*.js cmd/*/*.mjs; do node --check "$script"; done
  install_npm_packages
  node "$NODE_MODULES/typescript/bin/tsc" -p cmd/setup-page/web
  vulnerabilities source ./...
}

same_format() {
  local out
  out=$("$1" -l "${@:2}")
  [[ -z $out ]] || die "not formatted by $(basename "$1"): $out"
}

# run_tests [--full]: everything is a Go test; the tests find what they need, and name
# what is missing in the file AAR_SKIPPED (pkg/lab/need).
run_tests() {
  local flags=(-shuffle=on -count=1 -timeout 20m) status=0
  case "${1:-}" in
  '') ;;
  --full)
    export AAR_FULL=1
    flags=(-shuffle=on -count=1 -timeout 85m)
    if have "${CC:-gcc}"; then flags+=(-race); else missing "a C compiler" "the race detector needs one, apt-get install gcc"; fi
    ;;
  *) die "test knows only --full" ;;
  esac
  package_into dist "$PLATFORMS"
  export AAR_VSIX="$PWD/$VSIX" AAR_SKIPPED="$PWD/dist/.work/skipped" AAR_NODE_MODULES="$NODE_MODULES"
  : >"$AAR_SKIPPED"
  say "go test; the first results come after a minute or two"
  go test "${flags[@]}" ./... || status=$?
  sort -u "$AAR_SKIPPED" | sed 's/^/== skipped, /' >&2
  [[ $status == 0 ]] || die "tests failed, see above"
  if [[ -n ${AAR_FULL:-} ]]; then AAR_FULL='' mutants trustpolicy vso claims iam exchange pipeline; fi
  vulnerabilities binary dist/.work/bin/assume-aws-role-linux-amd64.bin
  say "all tests passed"
}

# mutants [PACKAGE…]: small faults in the code that the package's tests must notice.
mutants() {
  local gremlins
  gremlins=$(tool "$GREMLINS")
  say "mutants"
  go run ./cmd/mutants -gremlins "$gremlins" "$@"
}

bench() {
  package_into dist "$PLATFORMS"
  go run ./cmd/bench "$VSIX"
  go test -run '^$' -bench . -benchmem ./...
}

main() {
  local command=${1:-}
  [[ $# == 0 ]] || shift
  case " $command ${1:-} " in
  *' -h '* | *' --help '* | ' help '*)
    usage
    exit 0
    ;;
  esac
  case $command in
  demo | package | lint | mutants | bench | verify)
    prepare
    "$command" "$@"
    ;;
  test)
    prepare
    run_tests "$@"
    ;;
  *)
    usage >&2
    exit 2
    ;;
  esac
}

main "$@"
