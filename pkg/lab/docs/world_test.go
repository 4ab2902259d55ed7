package docs

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/iam"
	"github.com/assume-aws-role/assume-aws-role/pkg/lab/sandbox"
	"github.com/assume-aws-role/assume-aws-role/pkg/trustpolicy"
)

// worldOf is a world in which the steps of a page work: each connection that they
// name, and roles that trust exactly it.
func worldOf(t *testing.T, steps []map[string]any) sandbox.Config {
	t.Helper()
	w := builder{T: t, cfg: sandbox.Default(), accounts: map[string]*sandbox.Account{}}
	w.cfg.Connections = nil
	for _, step := range steps {
		if inputs, ok := step["inputs"].(map[string]any); ok && step["task"] == taskName {
			w.add(inputs)
		}
	}
	w.cfg.Accounts = nil
	for _, a := range w.accounts {
		w.cfg.Accounts = append(w.cfg.Accounts, *a)
	}
	return w.cfg
}

type builder struct {
	*testing.T
	cfg      sandbox.Config
	accounts map[string]*sandbox.Account
}

var roleARNs = regexp.MustCompile(`arn:aws:iam::\d{12}:role/[\w+=,.@/-]+`)

// add makes the connection and the roles of one step.
func (w *builder) add(inputs map[string]any) {
	text := func(name string) string { s, _ := inputs[name].(string); return s }
	spec := trustpolicy.Spec{
		Identity: trustpolicy.ServiceConnection, Partition: "aws",
		Org: w.cfg.Organisation.Name, OrgID: w.cfg.Organisation.ID, Project: w.cfg.Project.Name, Pipeline: w.cfg.Pipeline.Name,
	}
	roles := roleARNs.FindAllString(text("roleArn")+"\n"+text("environmentRoles"), -1)
	pinned := map[string]string{}
	if roles == nil {
		pinned["roleArn"] = "arn:aws:iam::111122223333:role/" + text("serviceConnection") + text("awsServiceConnection")
		roles = []string{pinned["roleArn"]}
	}
	if text("region") == "" {
		pinned["region"] = "eu-west-1"
	}
	switch text("connectionType") {
	case "", "awsOidc":
		spec.Connection = text("serviceConnection")
		w.connection(sandbox.Connection{Named: sandbox.Named{Name: spec.Connection}, Kind: sandbox.AWSOIDC, Data: pinned})
	case "awsToolkit":
		spec.Connection = text("awsServiceConnection")
		parameters := map[string]string{"username": "", "password": "", "assumeRoleArn": pinned["roleArn"]}
		w.connection(sandbox.Connection{Named: sandbox.Named{Name: spec.Connection}, Kind: sandbox.AWSToolkit, Parameters: parameters})
	case "none":
		spec.Identity = trustpolicy.Pipeline
	default:
		w.Fatalf("no world for connectionType %s", text("connectionType"))
	}
	for _, arn := range roles {
		w.role(spec, arn)
	}
	if m := regexp.MustCompile(`(?m)^rpo_id = (\S+)$`).FindStringSubmatch(text("requiredClaims")); m != nil {
		w.cfg.Pipeline.RepositoryID = m[1]
	}
	if second := text("chainRoleArn"); second != "" {
		w.secondRole(second, roles[0])
	}
}

func (w *builder) connection(c sandbox.Connection) {
	same := func(o sandbox.Connection) bool { return o.Name == c.Name }
	if !slices.ContainsFunc(w.cfg.Connections, same) {
		c.ID = fmt.Sprintf("7c9e6679-7425-40de-944b-%012d", len(w.cfg.Connections))
		w.cfg.Connections = append(w.cfg.Connections, c)
	}
}

func (w *builder) account(arn string) *sandbox.Account {
	id := strings.Split(arn, ":")[4]
	if w.accounts[id] == nil {
		w.accounts[id] = &sandbox.Account{ID: id}
	}
	return w.accounts[id]
}

// role makes a role that trusts the identity, and the provider that it relies on.
func (w *builder) role(spec trustpolicy.Spec, arn string) {
	w.Helper()
	a := w.account(arn)
	spec.Account = iam.Account(a.ID)
	generated, problems := trustpolicy.Generate(spec)
	if problems != nil {
		w.Fatalf("no policy is generated: %v", problems)
	}
	if len(a.Providers) == 0 {
		for _, p := range generated.Providers {
			a.Providers = append(a.Providers, sandbox.OIDCProvider{URL: p.URL, ClientIDs: p.ClientIDs})
		}
	}
	a.Roles = append(a.Roles, sandbox.Role{ARN: arn, TrustPolicy: json.RawMessage(generated.Document), MaxSessionDuration: 43200})
}

func (w *builder) secondRole(arn, first string) {
	policy := `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "` + first + `"},
		"Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]}]}`
	a := w.account(arn)
	a.Roles = append(a.Roles, sandbox.Role{ARN: arn, TrustPolicy: json.RawMessage(policy)})
}
