package release

import (
	"debug/buildinfo"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
)

// module is one component that is linked into a binary.
type module struct {
	// path and version are those of go.mod; the standard library is "std" with the
	// version of Go.
	path, version string
	// license is an SPDX expression, and texts are the licence files as they are.
	license string
	texts   []string
}

// linkedModules reads from the binaries themselves which modules they hold, with
// the licences found in the module cache.
func linkedModules(binDir string) ([]module, error) {
	versions := map[string]string{}
	for _, p := range Platforms() {
		info, err := buildinfo.ReadFile(filepath.Join(binDir, p.File()))
		if err != nil {
			return nil, fmt.Errorf("reading the modules of %s: %w", p.File(), err)
		}
		version, _, _ := strings.Cut(strings.TrimPrefix(info.GoVersion, "go"), " ") // experiments follow
		versions["std"] = version
		for _, d := range info.Deps {
			versions[d.Path] = d.Version
		}
	}
	cache, root, err := goDirectories()
	if err != nil {
		return nil, err
	}
	var modules []module
	for path, version := range versions {
		dir := filepath.Join(cache, escapeModule(path)+"@"+escapeModule(version))
		if path == "std" {
			dir = root
		}
		m, err := readLicenses(module{path: path, version: version}, dir)
		if err != nil {
			return nil, err
		}
		modules = append(modules, m)
	}
	slices.SortFunc(modules, func(a, b module) int { return strings.Compare(a.path, b.path) })
	return modules, nil
}

func goDirectories() (cache, root string, err error) {
	out, err := exec.Command("go", "env", "GOMODCACHE", "GOROOT").Output()
	if err != nil {
		return "", "", fmt.Errorf("asking go for its directories: %w", err)
	}
	lines := strings.Split(strings.ReplaceAll(string(out), "\r\n", "\n"), "\n")
	return lines[0], lines[1], nil
}

// escapeModule writes a path or version as the module cache does: an upper-case
// letter becomes ! and its lower-case form (https://go.dev/ref/mod#module-cache).
func escapeModule(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsUpper(r) {
			b.WriteByte('!')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// readLicenses collects the licence and notice files at the top of a module. A
// module without a licence that is recognised is an error: it must be looked at.
func readLicenses(m module, dir string) (module, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return m, fmt.Errorf("looking for the licence of %s: %w", m.path, err)
	}
	for _, e := range entries {
		name := strings.ToUpper(e.Name())
		if e.IsDir() || !hasAnyPrefix(name, "LICENSE", "LICENCE", "COPYING", "NOTICE", "PATENTS") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return m, fmt.Errorf("reading the licence of %s: %w", m.path, err)
		}
		m.texts = append(m.texts, strings.ReplaceAll(string(text), "\r\n", "\n"))
		if id := recognise(string(text)); m.license == "" {
			m.license = id
		}
	}
	if m.license == "" {
		return m, fmt.Errorf("the licence of %s %s is not recognised", m.path, m.version)
	}
	return m, nil
}

func hasAnyPrefix(s string, prefixes ...string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(s, p) })
}

// recognise names the licences that the dependencies use, by words only they have.
func recognise(text string) string {
	words := strings.Join(strings.Fields(text), " ")
	switch {
	case strings.Contains(words, "Apache License Version 2.0"):
		return "Apache-2.0"
	case strings.Contains(words, "Neither the name of") && strings.Contains(words, "Redistributions in binary form"):
		return "BSD-3-Clause"
	case strings.Contains(words, "Permission is hereby granted, free of charge, to any person obtaining a copy"):
		return "MIT"
	}
	return ""
}
