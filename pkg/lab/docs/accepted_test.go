package docs

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/pipeline"
)

const connectionID = "7c9e6679-7425-40de-944b-e07fc1f90ae7"

// agent is what an agent would say to a step of the pages, with a connection
// that has everything any of them relies on.
func agent(step map[string]any) map[string]string {
	env := map[string]string{
		"ENDPOINT_URL_SYSTEMVSSCONNECTION":                        "https://dev.azure.com/contoso-eng/",
		"ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN": "job-token",
		"SYSTEM_HOSTTYPE":              "build",
		"SYSTEM_STAGENAME":             "test",
		"SYSTEM_TEAMPROJECT":           "payments",
		"BUILD_DEFINITIONNAME":         "site",
		"BUILD_BUILDID":                "7",
		"ENDPOINT_URL_" + connectionID: "https://sts.amazonaws.com/",
		"ENDPOINT_AUTH_PARAMETER_" + connectionID + "_TENANTID":           "3f2a91d0-6c1e-4b57-8d2e-90ab12cd34ef",
		"ENDPOINT_AUTH_PARAMETER_" + connectionID + "_SERVICEPRINCIPALID": "5b1d4c3e-0f62-4a8b-b7f4-6e1f2d3c4b5a",
	}
	if step["roleArn"] == nil && step["environmentRoles"] == nil {
		env["ENDPOINT_DATA_"+connectionID+"_ROLEARN"] = "arn:aws:iam::111122223333:role/deploy"
		env["ENDPOINT_AUTH_PARAMETER_"+connectionID+"_ASSUMEROLEARN"] = "arn:aws:iam::111122223333:role/deploy"
		env["ENDPOINT_DATA_"+connectionID+"_REGION"] = "eu-west-1"
	}
	expand := strings.NewReplacer(
		"$(sandbox.stsEndpoint)", "http://127.0.0.1:4566",
		"${{ parameters.roleArn }}", "arn:aws:iam::111122223333:role/live-check",
	)
	for name, value := range step {
		env["INPUT_"+strings.ToUpper(name)] = expand.Replace(fmt.Sprint(value))
	}
	for _, name := range connections {
		if step[name] != nil {
			env["INPUT_"+strings.ToUpper(name)] = connectionID
		}
	}
	return env
}

// The task itself accepts the inputs of every step that the pages and the
// examples show.
func TestTaskAcceptsEveryStep(t *testing.T) {
	t.Parallel()
	for _, s := range pipelines(t) {
		for _, step := range steps(s.document) {
			env := agent(step)
			lookup := pipeline.Lookup(func(name string) (string, bool) { v, ok := env[name]; return v, ok })
			if made, err := pipeline.Read(context.Background(), lookup); err != nil || len(made.Unused) > 0 {
				t.Errorf("%s: %v: %v, unused %v", s.page, step, err, made.Unused)
			}
		}
	}
}

type parsed struct {
	page     string
	document any
}

// pipelines are the YAML of the pages and of the examples.
func pipelines(t *testing.T) (found []parsed) {
	t.Helper()
	texts := snippets(t, "yaml")
	for _, file := range exampleFiles(t) {
		texts = append(texts, snippet{filepath.Base(file), read(t, file)})
	}
	for _, s := range texts {
		s.text = resolved(t, s)
		found = append(found, parsed{s.page, document(t, s)})
	}
	return found
}

// resolved is a pipeline as the server resolves it before a run: parameters by their
// defaults, and a matrix by its first leg.
func resolved(t *testing.T, s snippet) string {
	t.Helper()
	top, _ := document(t, s).(map[string]any)
	parameters, _ := top["parameters"].([]any)
	for _, p := range parameters {
		if p, ok := p.(map[string]any); ok {
			s.text = strings.ReplaceAll(s.text, fmt.Sprintf("${{ parameters.%s }}", p["name"]), fmt.Sprint(p["default"]))
		}
	}
	for name, value := range firstLeg(top) {
		s.text = strings.ReplaceAll(s.text, "$("+name+")", fmt.Sprint(value))
	}
	return s.text
}

// firstLeg are the variables of one leg of the first matrix.
func firstLeg(node any) map[string]any {
	switch n := node.(type) {
	case []any:
		for _, child := range n {
			if leg := firstLeg(child); leg != nil {
				return leg
			}
		}
	case map[string]any:
		matrix, _ := n["matrix"].(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(matrix)) {
			leg, _ := matrix[name].(map[string]any)
			return leg
		}
		for _, name := range slices.Sorted(maps.Keys(n)) {
			if leg := firstLeg(n[name]); leg != nil {
				return leg
			}
		}
	}
	return nil
}
