package trustpolicy_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/assume-aws-role/assume-aws-role/pkg/trustpolicy"
)

func TestGenerateRefuses(t *testing.T) {
	t.Parallel()
	exchange := func(version string, change func(*trustpolicy.Spec)) func(*trustpolicy.Spec) {
		return func(s *trustpolicy.Spec) {
			s.Identity, s.TokenVersion = trustpolicy.EntraExchange, version
			change(s)
		}
	}
	for name, c := range map[string]struct {
		change      func(*trustpolicy.Spec)
		field, text string
	}{
		"wildcard":                {func(s *trustpolicy.Spec) { s.Connection = "aws-*" }, "connection", "must be the exact name"},
		"question mark":           {func(s *trustpolicy.Spec) { s.Project = "pay?" }, "project", "must be the exact name"},
		"policy variable":         {func(s *trustpolicy.Spec) { s.Connection = "${aws:username}" }, "connection", "IAM would read ${"},
		"dynamic reference":       {func(s *trustpolicy.Spec) { s.Connection = "{{Resolve:ssm:/x}}" }, "connection", "CloudFormation would replace"},
		"non-Latin":               {func(s *trustpolicy.Spec) { s.Project = "支付" }, "project", "IAM policies allow only"},
		"first beyond Latin-1":    {func(s *trustpolicy.Spec) { s.Project = "a\u0100" }, "project", "IAM policies allow only"},
		"control character":       {func(s *trustpolicy.Spec) { s.Project = "a\u001fb" }, "project", "IAM policies allow only"},
		"delete":                  {func(s *trustpolicy.Spec) { s.Project = "a\u007fb" }, "project", "IAM policies allow only"},
		"last of C1":              {func(s *trustpolicy.Spec) { s.Project = "a\u009fb" }, "project", "IAM policies allow only"},
		"slash in organisation":   {func(s *trustpolicy.Spec) { s.Org = "a/b" }, "org", "must not contain a slash"},
		"slash in project":        {func(s *trustpolicy.Spec) { s.Project = "a/b" }, "project", "must not contain a slash"},
		"leading space":           {func(s *trustpolicy.Spec) { s.Connection = " a" }, "connection", "must not begin or end"},
		"trailing no-break space": {func(s *trustpolicy.Spec) { s.Connection = "a\u00a0" }, "connection", "must not begin or end"},
		"empty name":              {func(s *trustpolicy.Spec) { s.Org = "" }, "org", "required"},
		"empty id":                {func(s *trustpolicy.Spec) { s.OrgID = "" }, "org-id", "required"},
		"name for id":             {func(s *trustpolicy.Spec) { s.OrgID = "contoso" }, "org-id", "must be a GUID"},
		"id and more":             {func(s *trustpolicy.Spec) { s.OrgID += "0" }, "org-id", "must be a GUID"},
		"short account":           {func(s *trustpolicy.Spec) { s.Account = "11112222333" }, "account", "must be 12 digits"},
		"long account":            {func(s *trustpolicy.Spec) { s.Account = "1111222233334" }, "account", "must be 12 digits"},
		"partition":               {func(s *trustpolicy.Spec) { s.Partition = "aws-iso" }, "partition", "must be one of aws, aws-cn"},
		"identity":                {func(s *trustpolicy.Spec) { s.Identity = "role" }, "identity", "must be one of service-connection"},
		"migrated pipeline":       {func(s *trustpolicy.Spec) { s.Identity, s.Migrate = trustpolicy.Pipeline, true }, "migrate", "no documented counterpart"},
		"migration without tenant": {func(s *trustpolicy.Spec) {
			s.Migrate, s.TenantID = true, ""
		}, "tenant-id", "required"},
		"version": {exchange("3", func(*trustpolicy.Spec) {}), "token-version", "must be 1 or 2"},
		"shared audience": {exchange("2", func(s *trustpolicy.Spec) {
			s.Audience = "api://azureadtokenexchange"
		}), "audience", "is the audience of every federation"},
		"Microsoft Graph":                  {exchange("2", func(s *trustpolicy.Spec) { s.Audience = "00000003-0000-0000-c000-000000000000" }), "audience", "belongs to Microsoft"},
		"audience of a version 2 token":    {exchange("2", func(s *trustpolicy.Spec) { s.Audience = "api://aws" }), "audience", "because the token is of version 2"},
		"audience of a version 1 token":    {exchange("1", func(s *trustpolicy.Spec) { s.Audience = "https://aws" }), "audience", "neither an api:// URI nor a GUID"},
		"no audience":                      {exchange("1", func(s *trustpolicy.Spec) { s.Audience = "" }), "audience", "required"},
		"no client of a version 2 token":   {exchange("2", func(s *trustpolicy.Spec) { s.ClientID = "" }), "client-id", "required"},
		"role with a space":                {func(s *trustpolicy.Spec) { s.Role = "my role" }, "role", "must be [/path/]name"},
		"role that is a path":              {func(s *trustpolicy.Spec) { s.Role = "/team/" }, "role", "must be [/path/]name"},
		"role with an empty part":          {func(s *trustpolicy.Spec) { s.Role = "/a//b" }, "role", "must be [/path/]name"},
		"role that is an ARN":              {func(s *trustpolicy.Spec) { s.Role = "arn:aws:iam::111122223333:role/deploy" }, "role", "must be [/path/]name"},
		"role name of 65 characters":       {func(s *trustpolicy.Spec) { s.Role = strings.Repeat("r", 65) }, "role", "must be [/path/]name"},
		"role path of 513 characters":      {func(s *trustpolicy.Spec) { s.Role = "/" + strings.Repeat("p", 511) + "/r" }, "role", "must be [/path/]name"},
		"role that ends in a line break":   {func(s *trustpolicy.Spec) { s.Role = "deploy\n" }, "role", "must be [/path/]name"},
		"account that ends in a new line":  {func(s *trustpolicy.Spec) { s.Account += "\n" }, "account", "must be 12 digits"},
		"organisation with a bad id and a": {func(s *trustpolicy.Spec) { s.Migrate, s.OrgID = true, "x" }, "org-id", "must be a GUID"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := spec(trustpolicy.ServiceConnection)
			c.change(&s)
			g, problems := trustpolicy.Generate(s)
			if len(problems) != 1 || problems[0].Field != c.field {
				t.Fatalf("problems %+v, want one of %s", problems, c.field)
			}
			if !strings.Contains(problems[0].Text, c.text) {
				t.Errorf("the problem is %q, want %q", problems[0].Text, c.text)
			}
			if g.Document != "" {
				t.Error("a policy was generated all the same")
			}
		})
	}
}

func TestGenerateReportsEveryProblemOnce(t *testing.T) {
	t.Parallel()
	_, problems := trustpolicy.Generate(trustpolicy.Spec{Identity: trustpolicy.ServiceConnection, Migrate: true})
	var fields []string
	for _, p := range problems {
		fields = append(fields, p.Field)
	}
	want := []string{"account", "org", "project", "connection", "org-id", "tenant-id", "connection-id"}
	if diff := cmp.Diff(want, fields); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
}

func TestGenerateAcceptsTheLastAllowedValues(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*trustpolicy.Spec){
		"last of Latin-1":         func(s *trustpolicy.Spec) { s.Project = "a\u00ff" },
		"first after C1":          func(s *trustpolicy.Spec) { s.Project = "a\u00a0b" },
		"tilde":                   func(s *trustpolicy.Spec) { s.Project = "~" },
		"slash in a connection":   func(s *trustpolicy.Spec) { s.Connection = "a/b" },
		"id in upper case":        func(s *trustpolicy.Spec) { s.OrgID = strings.ToUpper(s.OrgID) },
		"partition of Europe":     func(s *trustpolicy.Spec) { s.Partition = "aws-eusc" },
		"role of 64 characters":   func(s *trustpolicy.Spec) { s.Role = strings.Repeat("r", 64) },
		"path of 512 characters":  func(s *trustpolicy.Spec) { s.Role = "/" + strings.Repeat("p", 510) + "/r" },
		"version 1 with a GUID":   func(s *trustpolicy.Spec) { s.Identity, s.TokenVersion = trustpolicy.EntraExchange, "1" },
		"braces and percent sign": func(s *trustpolicy.Spec) { s.Connection = "{{x}} %{x} $" },
	} {
		s := spec(trustpolicy.ServiceConnection)
		change(&s)
		if _, problems := trustpolicy.Generate(s); problems != nil {
			t.Errorf("%s: no policy, but problems: %v", name, problems)
		}
	}
}

// TestPredicted: what an Entra connection's token will hold is not documented, the rest is.
func TestPredicted(t *testing.T) {
	t.Parallel()
	for _, identity := range trustpolicy.Identities {
		g, problems := trustpolicy.Generate(spec(identity))
		if want := identity == trustpolicy.EntraConnection; problems != nil || g.Predicted != want {
			t.Errorf("%s: predicted %v, want %v: %v", identity, g.Predicted, want, problems)
		}
	}
}

// TestTerraformLabels are the role's name with letters, digits and underscores alone, and
// no digit at the beginning.
func TestTerraformLabels(t *testing.T) {
	t.Parallel()
	for role, want := range map[string]string{"AZaz09_": "AZaz09_", "a=b,c.d@e+f-g": "a_b_c_d_e_f_g", "0a": "_0a", "9a": "_9a", "a9": "a9"} {
		s := spec(trustpolicy.Pipeline)
		s.Role = role
		g, problems := trustpolicy.Generate(s)
		if text := g.Format("terraform"); problems != nil || !strings.Contains(text, `resource "aws_iam_role" "`+want+`" {`) {
			t.Errorf("the role %s has no label %s: %v\n%s", role, want, problems, text)
		}
	}
}

func TestRoleARN(t *testing.T) {
	t.Parallel()
	for role, want := range map[string]string{
		"":               "arn:aws:iam::111122223333:role/azure-pipelines-deploy",
		"deploy":         "arn:aws:iam::111122223333:role/deploy",
		"/deploy":        "arn:aws:iam::111122223333:role/deploy",
		"/team/a/deploy": "arn:aws:iam::111122223333:role/team/a/deploy",
		"team/a/deploy":  "arn:aws:iam::111122223333:role/team/a/deploy",
	} {
		s := spec(trustpolicy.Pipeline)
		s.Role, s.Partition = role, ""
		g, problems := trustpolicy.Generate(s)
		if problems != nil || g.Role.String() != want {
			t.Errorf("%q: %q, %v; want %q", role, g.Role, problems, want)
		}
	}
}

// TestGenerateNeedsNoMoreThanItsFlags: what an identity does not use may be absent.
func TestGenerateNeedsNoMoreThanItsFlags(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]trustpolicy.Spec{
		"connection":      {Identity: trustpolicy.ServiceConnection, Org: "o", OrgID: orgID, Project: "p", Connection: "c"},
		"pipeline":        {Identity: trustpolicy.Pipeline, Org: "o", OrgID: orgID, Project: "p", Pipeline: "c"},
		"Entra":           {Identity: trustpolicy.EntraConnection, OrgID: orgID, TenantID: tenant, ConnectionID: conn},
		"exchange":        {Identity: trustpolicy.EntraExchange, TenantID: tenant, TokenVersion: "1", ObjectID: conn, Audience: "api://aws"},
		"exchange of v2":  {Identity: trustpolicy.EntraExchange, TenantID: tenant, TokenVersion: "2", ObjectID: conn, Audience: conn, ClientID: conn},
		"migrated":        {Identity: trustpolicy.ServiceConnection, Migrate: true, Org: "o", OrgID: orgID, Project: "p", Connection: "c", TenantID: tenant, ConnectionID: conn},
		"exchange, moved": {Identity: trustpolicy.EntraExchange, Migrate: true, TenantID: tenant, TokenVersion: "1", ObjectID: conn, Audience: "api://aws", Org: "o", OrgID: orgID, Project: "p", Connection: "c"},
	} {
		s.Account = account
		if _, problems := trustpolicy.Generate(s); problems != nil {
			t.Errorf("%s: no policy, but problems: %v", name, problems)
		}
	}
}
