package docs

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
	"go.yaml.in/yaml/v3"

	"github.com/assume-aws-role/assume-aws-role/pkg/claims"
	"github.com/assume-aws-role/assume-aws-role/pkg/trustpolicy"
)

const (
	exampleOrg    = "contoso-eng"
	exampleIssuer = "https://vstoken.dev.azure.com/0f8a7c52-3d1b-4e6a-9b7e-5c2d41a09f13"
	exampleID     = "0f8a7c52-3d1b-4e6a-9b7e-5c2d41a09f13"
)

// checkPolicy holds the trust policy of an example to the check of our own tool: it
// admits the connection and no other, and nothing is wrong with it.
func checkPolicy(t *testing.T, document, connection string) {
	t.Helper()
	policy, err := trustpolicy.Parse([]byte(document))
	if err != nil {
		t.Fatalf("%v in\n%s", err, document)
	}
	presented := claims.UnverifiedClaims{Issuer: exampleIssuer, Audience: []string{claims.TokenExchangeAudience}}
	for subject, want := range map[string]bool{
		"sc://contoso-eng/payments/" + connection: true,
		"sc://contoso-eng/payments/other":         false,
		"sc://contoso-eng/search/" + connection:   false,
	} {
		presented.Subject = subject
		verdict := trustpolicy.Check(policy, presented)
		if verdict.Allowed != want {
			t.Errorf("%s: %s in\n%s", subject, verdict.Line, document)
		}
		for _, f := range verdict.Findings {
			if f.Level != trustpolicy.Info {
				t.Errorf("a finding of the level %s: %s", f.Level, f.Text)
			}
		}
	}
}

// configuration is the parsed .tf files of one directory.
type configuration struct {
	dir    string
	blocks hclsyntax.Blocks
}

func configurations(t *testing.T) (found []configuration) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "examples/terraform/*/*.tf"))
	if err != nil {
		t.Fatal(err)
	}
	modules, err := filepath.Glob(filepath.Join(root, "examples/terraform/modules/*/*.tf"))
	if err != nil {
		t.Fatal(err)
	}
	byDir := map[string]hclsyntax.Blocks{}
	for _, file := range append(files, modules...) {
		parsed, problems := hclsyntax.ParseConfig([]byte(read(t, file)), file, hcl.InitialPos)
		if problems.HasErrors() {
			t.Fatal(problems)
		}
		body, _ := parsed.Body.(*hclsyntax.Body)
		byDir[filepath.Dir(file)] = append(byDir[filepath.Dir(file)], body.Blocks...)
	}
	for _, dir := range slices.Sorted(maps.Keys(byDir)) {
		found = append(found, configuration{dir, byDir[dir]})
	}
	return found
}

// labelled are the blocks of a type by their last label.
func (c configuration) labelled(kind string) map[string]*hclsyntax.Block {
	found := map[string]*hclsyntax.Block{}
	for _, b := range c.blocks {
		if b.Type == kind && len(b.Labels) > 0 {
			found[b.Labels[len(b.Labels)-1]] = b
		}
	}
	return found
}

// Every variable is declared and used, has a description, and each module gets what
// it requires and nothing else.
func TestTerraformExampleFitsTogether(t *testing.T) {
	t.Parallel()
	all := configurations(t)
	for _, c := range all {
		declared := c.labelled("variable")
		used := map[string]*hclsyntax.Block{}
		for _, b := range c.blocks {
			for name := range variablesIn(b) {
				used[name] = b
			}
		}
		if diff := cmp.Diff(slices.Sorted(maps.Keys(declared)), slices.Sorted(maps.Keys(used))); diff != "" {
			t.Errorf("%s: variables, declared (-) and used (+):\n%s", c.dir, diff)
		}
		for _, kind := range []string{"variable", "output"} {
			for name, b := range c.labelled(kind) {
				if b.Body.Attributes["description"] == nil {
					t.Errorf("%s: %s %s has no description", c.dir, kind, name)
				}
			}
		}
		for name, module := range c.labelled("module") {
			checkModule(t, c, all, name, module)
		}
	}
}

// variablesIn are the names that a block uses as var.name.
func variablesIn(b *hclsyntax.Block) map[string]bool {
	names := map[string]bool{}
	_ = hclsyntax.VisitAll(b.Body, func(node hclsyntax.Node) hcl.Diagnostics {
		scope, ok := node.(*hclsyntax.ScopeTraversalExpr)
		if ok && scope.Traversal.RootName() == "var" && len(scope.Traversal) > 1 {
			if attr, ok := scope.Traversal[1].(hcl.TraverseAttr); ok {
				names[attr.Name] = true
			}
		}
		return nil
	})
	return names
}

func checkModule(t *testing.T, c configuration, all []configuration, name string, module *hclsyntax.Block) {
	t.Helper()
	source, problems := module.Body.Attributes["source"].Expr.Value(nil)
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	dir := filepath.Clean(filepath.Join(c.dir, source.AsString()))
	i := slices.IndexFunc(all, func(o configuration) bool { return filepath.Clean(o.dir) == dir })
	if i < 0 {
		t.Fatalf("%s: module %s: no files in %s", c.dir, name, dir)
	}
	declared := all[i].labelled("variable")
	for given := range module.Body.Attributes {
		if ofTerraform := given == "source" || given == "for_each"; declared[given] == nil && !ofTerraform {
			t.Errorf("module %s has no variable %s", name, given)
		}
	}
	for wanted, b := range declared {
		if module.Body.Attributes[wanted] == nil && b.Body.Attributes["default"] == nil {
			t.Errorf("module %s is not given %s", name, wanted)
		}
	}
}

// The role of the Terraform example trusts the connection of the same module.
func TestTerraformExampleTrustsItsConnection(t *testing.T) {
	t.Parallel()
	for _, c := range configurations(t) {
		if filepath.Base(c.dir) != "team-environment" {
			continue
		}
		scope := &hcl.EvalContext{
			Functions: map[string]function.Function{"jsonencode": stdlib.JSONEncodeFunc},
			Variables: map[string]cty.Value{
				"var": cty.ObjectVal(map[string]cty.Value{
					"organisation": cty.StringVal(exampleOrg), "organisation_id": cty.StringVal(exampleID), "environment": cty.StringVal("production"),
					"provider_arn": cty.StringVal("arn:aws:iam::111122223333:oidc-provider/" + strings.TrimPrefix(exampleIssuer, "https://")),
				}),
				"data": cty.ObjectVal(map[string]cty.Value{"azuredevops_project": cty.ObjectVal(map[string]cty.Value{
					"team": cty.ObjectVal(map[string]cty.Value{"name": cty.StringVal("payments")}),
				})}),
			},
		}
		local := map[string]cty.Value{}
		for _, b := range c.blocks {
			if b.Type == "locals" {
				for name, a := range b.Body.Attributes {
					local[name] = value(t, a, scope)
				}
			}
		}
		scope.Variables["local"] = cty.ObjectVal(local)
		for _, b := range c.blocks {
			switch strings.Join(b.Labels, ".") {
			case "aws_iam_role.deploy":
				checkPolicy(t, value(t, b.Body.Attributes["assume_role_policy"], scope).AsString(), "aws-production")
			case "azuredevops_serviceendpoint_generic_v2.aws":
				if name := value(t, b.Body.Attributes["name"], scope).AsString(); name != "aws-production" {
					t.Errorf("the connection is named %s", name)
				}
			}
		}
		return
	}
	t.Error("the module team-environment is missing")
}

func value(t *testing.T, a *hclsyntax.Attribute, scope *hcl.EvalContext) cty.Value {
	t.Helper()
	v, problems := a.Expr.Value(scope)
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	return v
}

// The CloudFormation template refers to what it declares, and its trust policy,
// with parameters filled in as AWS does it, admits the connection that they name.
func TestCloudFormationExample(t *testing.T) {
	t.Parallel()
	text := read(t, filepath.Join(root, "examples/cloudformation/deploy-role.yml"))
	var template struct {
		Parameters map[string]yaml.Node `yaml:"Parameters"`
		Conditions map[string]yaml.Node `yaml:"Conditions"`
		Resources  map[string]yaml.Node `yaml:"Resources"`
	}
	if err := yaml.Unmarshal([]byte(text), &template); err != nil {
		t.Fatal(err)
	}
	known := func(name string) bool {
		for _, section := range []map[string]yaml.Node{template.Parameters, template.Conditions, template.Resources} {
			if _, ok := section[name]; ok {
				return true
			}
		}
		return strings.HasPrefix(name, "AWS::") || name == "ProviderArn"
	}
	for _, pattern := range []string{`!Ref ([\w:]+)`, `\$\{([\w:]+)\}`, `!If\s+(?:- |\[)(\w+)`, `Condition: (\w+)`, `!GetAtt (\w+)\.`} {
		names := regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1)
		if len(names) == 0 {
			t.Errorf("the template has nothing like %s", pattern)
		}
		for _, m := range names {
			if !known(m[1]) {
				t.Errorf("%s is not declared", m[0])
			}
		}
	}
	policy := regexp.MustCompile(`(?s)AssumeRolePolicyDocument: !Sub\n\s+- \|\n(.*?)\n\s+- ProviderArn`).FindStringSubmatch(text)
	if policy == nil {
		t.Fatal("the template has no trust policy")
	}
	checkPolicy(t, os.Expand(policy[1], func(name string) string {
		return map[string]string{
			"OrganisationName": exampleOrg, "OrganisationId": exampleID, "ProjectName": "payments", "ConnectionName": "aws-prod",
			"ProviderArn": "arn:aws:iam::111122223333:oidc-provider/" + strings.TrimPrefix(exampleIssuer, "https://"),
		}[name]
	}), "aws-prod")
}
