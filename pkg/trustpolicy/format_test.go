package trustpolicy_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
	"go.yaml.in/yaml/v3"

	"github.com/assume-aws-role/assume-aws-role/pkg/trustpolicy"
)

// variants are a spec for every identity, with and without migration, with names that
// every language would like to read as something else.
func variants() map[string]trustpolicy.Spec {
	out := map[string]trustpolicy.Spec{}
	for _, identity := range trustpolicy.Identities {
		s := spec(identity)
		s.Role, s.Project, s.Connection = "/team-a/0deploy.prod", `100%{x} <pay's "ments">`, "!Ref \\ `id` $HOME #{'a': 1}"
		out[identity] = s
		if s.Migrate = true; identity != trustpolicy.Pipeline {
			out[identity+", migrated"] = s
		}
	}
	return out
}

// TestFormatsCarryOnePolicy reads every form with a real parser, or runs it, and
// compares the policy in it with the JSON one. The ARN of a provider that the code
// creates comes from the resource.
func TestFormatsCarryOnePolicy(t *testing.T) {
	t.Parallel()
	for name, s := range variants() {
		for _, existing := range []bool{false, true} {
			s.ExistingProvider = existing
			g, problems := trustpolicy.Generate(s)
			if problems != nil {
				t.Fatal(problems)
			}
			statements := strings.Count(g.Document, `"Sid"`)
			if s.Migrate != (statements == 2) || statements != len(g.Providers) {
				t.Errorf("%s: %d statements, %d providers", name, statements, len(g.Providers))
			}
			if noted := strings.Contains(g.Format("terraform"), "aws iam update-assume-role-policy"); noted != s.Migrate {
				t.Errorf("%s: says how a role that exists is changed: %v", name, noted)
			}
			if got := g.Format("json"); got != g.Document+"\n" {
				t.Errorf("%s: json is %s", name, got)
			}
			for format, read := range map[string]func(*testing.T, string, arns) (any, int){
				"terraform": terraformPolicy, "cloudformation": cloudFormationPolicy, "aws-cli": awsCLIPolicy,
			} {
				policy, created := read(t, g.Format(format), arnsOf(t, g))
				if diff := cmp.Diff(decode(t, g.Document), policy); diff != "" {
					t.Errorf("%s: policy (-json +%s):\n%s", name, format, diff)
				}
				if want := map[bool]int{false: statements, true: 0}[existing]; created != want {
					t.Errorf("%s: %s creates %d providers, want %d", name, format, created, want)
				}
			}
		}
	}
}

// arns are the ARNs of the providers by URL.
type arns map[string]string

func arnsOf(t *testing.T, g trustpolicy.Generated) arns {
	t.Helper()
	var policy struct {
		Statement []struct{ Principal struct{ Federated string } }
	}
	if err := json.Unmarshal([]byte(g.Document), &policy); err != nil {
		t.Fatal(err)
	}
	out := arns{}
	for i, p := range g.Providers {
		out[p.URL] = policy.Statement[i].Principal.Federated
	}
	return out
}

func decode(t *testing.T, document string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(document), &v); err != nil {
		t.Fatalf("%v in %s", err, document)
	}
	return v
}

// terraformPolicy evaluates the role's policy as Terraform would.
func terraformPolicy(t *testing.T, source string, providers arns) (policy any, created int) {
	t.Helper()
	if formatted := string(hclwrite.Format([]byte(source))); formatted != source {
		t.Errorf("not formatted:\n%s", cmp.Diff(formatted, source))
	}
	file, diags := hclparse.NewParser().ParseHCL([]byte(source), "role.tf")
	if diags.HasErrors() {
		t.Fatal(diags, source)
	}
	resources, variables := map[string]cty.Value{}, map[string]cty.Value{}
	ctx := &hcl.EvalContext{
		Functions: map[string]function.Function{"jsonencode": stdlib.JSONEncodeFunc},
		Variables: map[string]cty.Value{},
	}
	value := func(block *hclsyntax.Block, name string) cty.Value {
		v, diags := block.Body.Attributes[name].Expr.Value(ctx)
		if diags.HasErrors() {
			t.Fatalf("%s of %v: %v\n%s", name, block.Labels, diags, source)
		}
		return v
	}
	for _, block := range file.Body.(*hclsyntax.Body).Blocks {
		switch block.Labels[0] {
		case "aws_iam_openid_connect_provider":
			created++
			url := value(block, "url").AsString()
			if n := value(block, "client_id_list").LengthInt(); n != 1 {
				t.Errorf("%d client IDs", n)
			}
			resources[block.Labels[1]] = cty.ObjectVal(map[string]cty.Value{"arn": cty.StringVal(providers[url])})
		case "aws_iam_role":
			ctx.Variables["var"], ctx.Variables["aws_iam_openid_connect_provider"] = cty.ObjectVal(variables), cty.ObjectVal(resources)
			policy = decode(t, value(block, "assume_role_policy").AsString())
			got := []any{
				value(block, "name").AsString(), value(block, "path").AsString(),
				value(block, "max_session_duration").AsBigFloat().String(), value(block, "permissions_boundary").IsNull(),
			}
			if diff := cmp.Diff([]any{"0deploy.prod", "/team-a/", "3600", true}, got); diff != "" {
				t.Errorf("terraform: role (-want +got):\n%s", diff)
			}
			ctx.Variables["aws_iam_role"] = cty.ObjectVal(map[string]cty.Value{block.Labels[1]: cty.ObjectVal(map[string]cty.Value{"arn": cty.StringVal("the role")})})
		default:
			if block.Type == "variable" {
				variables[block.Labels[0]] = value(block, "default")
			} else if got := value(block, "value").AsString(); got != "the role" {
				t.Errorf("output %q", got)
			}
		}
	}
	return policy, created
}

// cloudFormationPolicy resolves references to providers as CloudFormation would.
func cloudFormationPolicy(t *testing.T, source string, providers arns) (policy any, created int) {
	t.Helper()
	var template struct {
		Parameters map[string]map[string]any    `yaml:"Parameters"`
		Outputs    map[string]map[string]string `yaml:"Outputs"`
		Resources  map[string]struct {
			Type       string               `yaml:"Type"`
			Properties map[string]yaml.Node `yaml:"Properties"`
		} `yaml:"Resources"`
	}
	if err := yaml.Unmarshal([]byte(source), &template); err != nil {
		t.Fatal(err, source)
	}
	references := map[string]string{}
	for name, r := range template.Resources {
		if r.Type == "AWS::IAM::OIDCProvider" {
			created++
			references[name] = providers[plain(t, r.Properties["Url"], nil).(string)]
			if n := len(plain(t, r.Properties["ClientIdList"], nil).([]any)); n != 1 {
				t.Errorf("%d client IDs", n)
			}
		}
	}
	for name := range template.Parameters {
		references[name] = "the parameter " + name
	}
	references["AWS::NoValue"] = ""
	role := template.Resources["Role"].Properties
	got := []any{plain(t, role["RoleName"], references), plain(t, role["MaxSessionDuration"], references), template.Parameters["RoleName"]["Default"], plain(t, role["Path"], references)}
	if diff := cmp.Diff([]any{"the parameter RoleName", "the parameter MaxSessionDuration", "0deploy.prod", "/team-a/"}, got); diff != "" {
		t.Errorf("cloudformation: role (-want +got):\n%s", diff)
	}
	if got := template.Outputs["RoleArn"]["Value"]; got != "Role.Arn" {
		t.Errorf("output %q", got)
	}
	return plain(t, role["AssumeRolePolicyDocument"], references), created
}

// plain decodes a node; a !Ref becomes what it refers to.
func plain(t *testing.T, n yaml.Node, references map[string]string) any {
	t.Helper()
	var resolve func(*yaml.Node)
	resolve = func(n *yaml.Node) {
		if n.Tag == "!Ref" {
			value, ok := references[n.Value]
			if !ok {
				t.Errorf("a reference to %q", n.Value)
			}
			n.Tag, n.Value = "!!str", value
		}
		for _, child := range n.Content {
			resolve(child)
		}
	}
	resolve(&n)
	var v any
	if err := n.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// awsCLIPolicy runs the commands in a shell with a stand-in for the AWS CLI.
func awsCLIPolicy(t *testing.T, source string, providers arns) (policy any, created int) {
	t.Helper()
	calls := runCommands(t, source, providers, "")
	role := calls[len(calls)-1]
	want := []string{"iam", "create-role", "--role-name", "0deploy.prod", "--path", "/team-a/", "--max-session-duration", "3600", "--query", "Role.Arn", "--output", "text", "--assume-role-policy-document"}
	if diff := cmp.Diff(want, role[:len(role)-1]); diff != "" {
		t.Errorf("aws-cli: create-role (-want +got):\n%s", diff)
	}
	return decode(t, role[len(role)-1]), len(calls) - 1
}

// runCommands runs generated commands and returns the arguments of each call.
func runCommands(t *testing.T, source string, providers arns, failing string) (calls [][]string) {
	t.Helper()
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no sh")
	}
	dir := t.TempDir()
	script := "#!/bin/sh\nprintf '%s\\036' \"$@\" >>\"$CALLS\"\nprintf '\\035' >>\"$CALLS\"\n[ \"$2\" != \"$FAILING\" ] || exit 1\ncase \"$4\" in\n"
	for url, arn := range providers {
		script += "'" + url + "') echo '" + arn + "' ;;\n"
	}
	if err := os.WriteFile(filepath.Join(dir, "aws"), []byte(script+"esac\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(dir, "calls")
	cmd := exec.Command(shell, "-c", source)
	cmd.Env = []string{"PATH=" + dir + ":/usr/bin:/bin", "CALLS=" + log, "FAILING=" + failing}
	if out, err := cmd.CombinedOutput(); (err != nil) != (failing != "") {
		t.Fatalf("error %v, want one: %v: %s\n%s", err, failing != "", out, source)
	}
	data, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	for call := range strings.SplitSeq(strings.TrimSuffix(string(data), "\x1d"), "\x1d") {
		calls = append(calls, strings.Split(strings.TrimSuffix(call, "\x1e"), "\x1e"))
	}
	return calls
}

// TestCommandsStopAtTheFirstFailure: a role is not created for a provider that could
// not be.
func TestCommandsStopAtTheFirstFailure(t *testing.T) {
	t.Parallel()
	s := spec(trustpolicy.ServiceConnection)
	s.Migrate = true
	g, problems := trustpolicy.Generate(s)
	if problems != nil {
		t.Fatal(problems)
	}
	if calls := runCommands(t, g.Format("aws-cli"), arnsOf(t, g), "create-open-id-connect-provider"); len(calls) != 1 {
		t.Errorf("%d calls, want 1: %q", len(calls), calls)
	}
	boundary := strings.Replace(g.Format("aws-cli"), "permissions_boundary=\n", "permissions_boundary=arn:b\n", 1)
	calls := runCommands(t, boundary, arnsOf(t, g), "")
	if role := strings.Join(calls[2], " "); !strings.Contains(role, " --permissions-boundary=arn:b ") {
		t.Errorf("no boundary in %s", role)
	}
}
