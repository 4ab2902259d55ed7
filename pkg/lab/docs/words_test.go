package docs

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/trustpolicy"
)

// Words that readers do not know, each with what to say instead.
var words = map[string]string{
	`one (entry|ARN|key|account|line) a line`: "one … per line",
	`without a line fails`:                    "if it is not listed, the step fails",
	`[Pp]ermit pipelines one by one`:          "the first run of each pipeline waits: View > Permit",
	`token times`:                             "token valid",
	`\bAWS sees: `:                            "AWS condition keys: ",
	`if it goes on\b`:                         "if it keeps happening",
	`walks the whole way`:                     "runs every step",
	`a proxy is given as`:                     "use the form",
	`cannot be had\b`:                         "is impossible",
	`\bhands? (the|every|over)\b`:             "passes",
	`Macros are not expanded`:                 "Variables … do not work in this field",
	`every click`:                             "every field",
	`needs nothing on the agent`:              "You install nothing on the agent",
	`\b(is|are) wanted\b`:                     "is required",
	`\bput (back )?anew\b|\bwrite .* anew\b`:  "again",
	`\bpast (its|their) end\b`:                "expired",
	`to the letter\b`:                         "exactly",
	`give or take 5 minutes`:                  "±5 minutes",
}

func TestWords(t *testing.T) {
	t.Parallel()
	texts := pages(t)
	for _, file := range append(exampleFiles(t), filepath.Join(root, "task/task.json"), filepath.Join(root, "vss-extension.json")) {
		texts[file] = read(t, file)
	}
	for pattern, better := range words {
		re := regexp.MustCompile(pattern)
		for name, text := range texts {
			if found := re.FindString(text); found != "" && name != "CHANGELOG.md" {
				t.Errorf("%s says %q; better: %s", name, found, better)
			}
		}
	}
}

// A page does not point to a place where nothing is.
func TestNothingIsAboveTheFirstHeading(t *testing.T) {
	t.Parallel()
	for name, text := range pages(t) {
		first, _, _ := strings.Cut(text, "\n## ")
		if found := regexp.MustCompile(`\b(as|see|shown|listed|named|described) above\b`).FindString(first); found != "" {
			t.Errorf("%s says %q before its first part", name, found)
		}
	}
}

// The manifests link to pages that exist.
func TestLinksOfTheFormResolve(t *testing.T) {
	t.Parallel()
	all, links := pages(t), 0
	for _, file := range []string{"task/task.json", "vss-extension.json"} {
		for _, m := range regexp.MustCompile(regexp.QuoteMeta(here)+`([^)"\\\s]+)`).FindAllStringSubmatch(read(t, filepath.Join(root, file)), -1) {
			links++
			resolve(t, all, file, m[1], true)
		}
	}
	if links < 8 {
		t.Errorf("only %d links found", links)
	}
}

// A page that generates a role and shows a pipeline shows the same role in both.
func TestGeneratedRolesAreThoseOfThePipelines(t *testing.T) {
	t.Parallel()
	generated, shown := map[string][]string{}, map[string][]string{}
	for _, s := range snippets(t, "sh") {
		for line := range strings.Lines(s.text) {
			args := strings.Fields(line)
			if !slices.Contains(args, "generate") {
				continue
			}
			role := trustpolicy.DefaultRole
			if i := slices.Index(args, "--role"); i >= 0 {
				role = args[i+1]
			}
			generated[s.page] = append(generated[s.page], role)
		}
	}
	for _, s := range pipelines(t) {
		for _, step := range steps(s.document) {
			if arn, ok := step["roleArn"].(string); ok && generated[s.page] != nil {
				_, role, _ := strings.Cut(arn, ":role/")
				shown[s.page] = append(shown[s.page], role)
			}
		}
	}
	for page, roles := range shown {
		for _, role := range roles {
			if !slices.Contains(generated[page], role) {
				t.Errorf("%s shows a pipeline with the role %s, and generates %v", page, role, generated[page])
			}
		}
	}
	if len(shown) < 3 {
		t.Errorf("only %d pages generate and show a role", len(shown))
	}
}
