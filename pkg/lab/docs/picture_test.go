package docs

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/sandbox"
)

// The README's picture of a log is what the demo's job prints: its text is in the
// repository beside it, and the picture names the text that it was made of.
// UPDATE=1 go test -run Picture ./pkg/lab/docs makes both anew; it needs Chromium and
// the packed extension.
var (
	pictureText = filepath.Join(root, "docs/pictures/log.txt")
	pictureFile = filepath.Join(root, "docs/pictures/log.png")
)

func TestPictureIsMadeOfItsText(t *testing.T) {
	t.Parallel()
	if got, want := madeOf(t, read(t, pictureFile)), digest(read(t, pictureText)); got != want {
		t.Errorf("docs/pictures/log.png was made of another text than docs/pictures/log.txt: %q", got)
	}
}

func TestPictureShowsTheLog(t *testing.T) {
	t.Parallel()
	packedVSIX(t)
	example, _ := document(t, snippet{"sandbox.yml", read(t, filepath.Join(root, "examples/sandbox.yml"))}).(map[string]any)
	list, _ := example["steps"].([]any)
	steps := stepList(list)[:2]
	got := shown(t, newStage(t, sandbox.Default()).play(steps).Log)
	if os.Getenv("UPDATE") == "1" {
		if err := os.WriteFile(pictureText, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		draw(t, got)
		return
	}
	if diff := cmp.Diff(read(t, pictureText), got); diff != "" {
		t.Errorf("docs/pictures/log.txt (-) and the log (+); UPDATE=1 go test -run Picture ./pkg/lab/docs makes text and picture anew:\n%s", diff)
	}
}

// width is the longest line of the picture; a longer one is cut with an ellipsis.
const width = 128

var (
	timestamp    = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`)
	markdownLink = regexp.MustCompile(`\[([^]]+)\]\([^)]+\)`)
	remaining    = regexp.MustCompile(`\(in [0-9hms]+\)`)
)

// shown is the log of the main parts, with times that do not depend on today's.
func shown(t *testing.T, log []string) string {
	t.Helper()
	end := slices.IndexFunc(log, func(line string) bool { return strings.HasPrefix(line, "##[section]Starting: Post-job") })
	text := remaining.ReplaceAllString(strings.Join(log[:end], "\n"), "(in 1h0m0s)")
	first, err := time.Parse(time.RFC3339, timestamp.FindString(text))
	if err != nil {
		t.Fatal(err)
	}
	start := time.Date(2026, 11, 25, 7, 21, 12, 0, time.UTC)
	text = timestamp.ReplaceAllStringFunc(text, func(s string) string {
		at, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return start.Add(at.Sub(first).Round(10 * time.Second)).Format(time.RFC3339)
	})
	var b strings.Builder
	for line := range strings.SplitSeq(text, "\n") {
		line = markdownLink.ReplaceAllString(line, "$1")
		if runes := []rune(line); len(runes) > width {
			line = string(runes[:width-2]) + " …"
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}

// draw makes the picture with a browser.
func draw(t *testing.T, text string) {
	t.Helper()
	var lines strings.Builder
	for line := range strings.Lines(text) {
		escaped := html.EscapeString(strings.TrimSuffix(line, "\n"))
		if section, ok := strings.CutPrefix(escaped, "##[section]"); ok {
			escaped = "<b>" + section + "</b>"
		}
		lines.WriteString(escaped + "\n")
	}
	page := filepath.Join(t.TempDir(), "log.html")
	style := "body{margin:0;padding:16px 26px;background:#12344d;color:#f3f6f9;font:15px/19px 'DejaVu Sans Mono',monospace}b{color:#7fe0a0}pre{margin:0;font:inherit}"
	if err := os.WriteFile(page, []byte("<!doctype html><meta charset=utf-8><style>"+style+"</style><pre>"+lines.String()+"</pre>"), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "log.png")
	size := fmt.Sprintf("--window-size=1220,%d", 32+19*strings.Count(text, "\n"))
	browser := exec.CommandContext(t.Context(), "chromium", "--headless=new", "--no-sandbox", "--hide-scrollbars", "--disable-gpu", "--user-data-dir="+t.TempDir(), size, "--screenshot="+out, "file://"+page)
	if said, err := browser.CombinedOutput(); err != nil {
		t.Fatalf("the browser made no picture: %v: %s", err, said)
	}
	if err := os.WriteFile(pictureFile, withText([]byte(read(t, out)), digest(text)), 0o600); err != nil {
		t.Fatal(err)
	}
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// keyword marks the tEXt chunk that names the text a picture was made of
// (https://www.w3.org/TR/png/#11tEXt).
const keyword = "Source\x00sha256:"

// header is the length of a PNG file's signature and its first chunk.
const header = 8 + 25

func withText(png []byte, sum string) []byte {
	chunk := []byte("tEXt" + keyword + sum)
	out := bytes.Clone(png[:header])
	out = binary.BigEndian.AppendUint32(out, uint32(len(chunk)-4))
	out = append(out, chunk...)
	out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(chunk))
	return append(out, png[header:]...)
}

func madeOf(t *testing.T, png string) string {
	t.Helper()
	_, rest, found := strings.Cut(png, keyword)
	if !found || len(rest) < sha256.Size*2 {
		t.Fatal("the picture does not name its text")
	}
	return rest[:sha256.Size*2]
}
