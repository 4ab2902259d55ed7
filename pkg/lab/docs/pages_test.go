package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const root = "../../.."

// pages are all Markdown files that a user reads, by path from the root.
func pages(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, glob := range []string{"*.md", "docs/*.md", "examples/*.md"} {
		paths, err := filepath.Glob(filepath.Join(root, glob))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			name, err := filepath.Rel(root, path)
			if err != nil {
				t.Fatal(err)
			}
			found[filepath.ToSlash(name)] = read(t, path)
		}
	}
	for _, name := range []string{"README.md", "CHANGELOG.md", "docs/setup.md", "docs/troubleshooting.md"} {
		if found[name] == "" {
			t.Fatalf("%s is missing or empty", name)
		}
	}
	return found
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var fence = regexp.MustCompile("(?ms)^[ \t]*```([a-z]+)\n(.*?)^[ \t]*```")

// snippets are the fenced blocks of one language, with the page each is on.
func snippets(t *testing.T, language string) (found []snippet) {
	t.Helper()
	for name, text := range pages(t) {
		for _, m := range fence.FindAllStringSubmatch(text, -1) {
			if m[1] == language {
				found = append(found, snippet{name, m[2]})
			}
		}
	}
	if len(found) == 0 {
		t.Fatalf("no %s snippet found", language)
	}
	return found
}

type snippet struct{ page, text string }

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.+)$`)
	dropped = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

const here = "https://github.com/assume-aws-role/assume-aws-role/blob/main/"

func TestLinksResolve(t *testing.T) {
	t.Parallel()
	all := pages(t)
	for name, text := range all {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			target, own := strings.CutPrefix(m[1], here)
			if !own && strings.Contains(target, "://") {
				continue
			}
			if name == "README.md" && !own {
				t.Errorf("README.md: %s has to be an absolute address: the Marketplace shows this page, too", m[1])
			}
			resolve(t, all, name, target, own)
		}
	}
}

// resolve finds the file and the anchor that a link on a page leads to.
func resolve(t *testing.T, all map[string]string, page, target string, fromRoot bool) {
	t.Helper()
	file, anchor, _ := strings.Cut(target, "#")
	path := file
	if !fromRoot {
		path = filepath.ToSlash(filepath.Join(filepath.Dir(page), file))
	}
	if file == "" {
		path = page
	}
	if _, err := os.Stat(filepath.Join(root, path)); err != nil {
		t.Errorf("%s: %s leads nowhere", page, target)
		return
	}
	if anchor == "" {
		return
	}
	for _, h := range heading.FindAllStringSubmatch(all[path], -1) {
		if strings.ReplaceAll(dropped.ReplaceAllString(strings.ToLower(h[1]), ""), " ", "-") == anchor {
			return
		}
	}
	t.Errorf("%s: %s has no heading for %q", page, path, anchor)
}

func TestReadmeSuitsTheMarketplace(t *testing.T) {
	t.Parallel()
	readme := pages(t)["README.md"]
	if n := strings.Count(readme, "\n"); n > 250 {
		t.Errorf("README.md has %d lines, at most 250 are read", n)
	}
	prose := regexp.MustCompile("`[^`\n]*`").ReplaceAllString(fence.ReplaceAllString(readme, ""), "")
	if tag := regexp.MustCompile(`<[a-zA-Z/!][^>]*>`).FindString(prose); tag != "" {
		t.Errorf("README.md holds %s, which the Marketplace strips", tag)
	}
}
