package trustpolicy_test

import (
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/trustpolicy"
)

const (
	sample  = `{"Version":"2012-10-17","Statement":[{"Sid":"one+ %","Effect":"Deny","Principal":"*","Action":"sts:*"}]}`
	another = `{"Version":"2012-10-17","Statement":[{"Sid":"two","Effect":"Deny","Principal":"*","Action":"sts:*"}]}`
)

func quote(s string) string { b, _ := json.Marshal(s); return string(b) }

// plan is Terraform's JSON of a plan that changes a role's policy to these values.
func plan(values string) string {
	const address = `"address":"aws_iam_role.x","type":"aws_iam_role"`
	return `{"format_version":"1.2","planned_values":{"root_module":{"child_modules":[{"resources":[{` + address + `,"values":` + values + `}]}]}},` +
		`"resource_changes":[{` + address + `,"change":{"before":{"assume_role_policy":` + quote(another) + `},"after":` + values + `,"after_unknown":{"assume_role_policy":true}}}],` +
		`"prior_state":{"values":{"root_module":{"resources":[{` + address + `,"values":{"assume_role_policy":` + quote(another) + `}}]}}},` +
		`"configuration":{"root_module":{"resources":[{` + address + `,"expressions":{"assume_role_policy":{"references":["data.x"]}}}]}}}`
}

// TestRead gives every form in which people hold a policy.
func TestRead(t *testing.T) {
	t.Parallel()
	encoded := url.PathEscape(sample)
	for name, text := range map[string]string{
		"the policy":          sample,
		"with a mark":         "\ufeff" + sample,
		"with white space":    "\n\t" + sample + "\r\n",
		"URL-encoded":         encoded,
		"lower case encoding": strings.ReplaceAll(encoded, "%7B", "%7b"),
		"quoted":              quote(sample),
		"quoted and encoded":  quote(encoded),
		"encoded and quoted":  url.PathEscape(quote(sample)),
		"get-role":            `{"Role":{"Path":"/","RoleName":"deploy","AssumeRolePolicyDocument":` + sample + `,"MaxSessionDuration":3600,"PermissionsBoundary":null}}`,
		"get-role, encoded":   `{"Role":{"AssumeRolePolicyDocument":` + quote(encoded) + `}}`,
		"list of one role":    `{"Roles":[{"AssumeRolePolicyDocument":` + sample + `}]}`,
		"bare list of one":    `[{"AssumeRolePolicyDocument":` + sample + `}]`,
		"CloudFormation":      `{"Resources":{"Role":{"Type":"AWS::IAM::Role","Properties":{"AssumeRolePolicyDocument":` + sample + `}}}}`,
		"a snippet":           `{"AssumeRolePolicyDocument":` + sample + `}`,
		"Terraform's JSON":    `{"resource":{"aws_iam_role":{"x":{"name":"deploy","assume_role_policy":` + quote(sample) + `}}}}`,
		"terraform show":      `{"values":{"root_module":{"resources":[{"values":{"assume_role_policy":` + quote(sample) + `,"x":null}},{"values":{"assume_role_policy":null}}]}}}`,
		"a plan":              plan(`{"assume_role_policy":` + quote(sample) + `}`),
		"sensitive values":    `{"values":{"assume_role_policy":` + quote(sample) + `},"sensitive_values":{"assume_role_policy":true}}`,
		"the same one twice":  `{"before":{"assume_role_policy":` + quote(sample) + `},"after":{"assume_role_policy":` + quote(sample) + `}}`,
	} {
		p, err := trustpolicy.Read([]byte(text))
		if err != nil {
			t.Errorf("%s: the policy is refused: %v", name, err)
			continue
		}
		if got := p.Statements[0].Sid; got != "one+ %" {
			t.Errorf("%s: read the statement %q", name, got)
		}
	}
}

// TestReadUnquotesFiveTimes, an object around the policy included.
func TestReadUnquotesFiveTimes(t *testing.T) {
	t.Parallel()
	quoted := sample
	for n := 1; n <= 6; n++ {
		inObject := `{"AssumeRolePolicyDocument":` + quoted + `}`
		quoted = quote(quoted)
		if _, err := trustpolicy.Read([]byte(quoted)); (err == nil) != (n <= 5) {
			t.Errorf("quoted %d times: %v", n, err)
		}
		if _, err := trustpolicy.Read([]byte(inObject)); (err == nil) != (n-1 <= 4) {
			t.Errorf("quoted %d times, in an object: %v", n-1, err)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	wrapped := sample
	for range 6 {
		wrapped = quote(wrapped)
	}
	for name, c := range map[string]struct{ text, want string }{
		"nothing":            {"", "it is not JSON"},
		"HCL":                {`assume_role_policy = "x"`, "it is not JSON"},
		"no policy":          {`{"Role":{"RoleName":"deploy"}}`, `"Role" is not an element of a policy`},
		"unknown in a plan":  {plan(`{"name":"deploy"}`), "this Terraform plan contains no trust policy that is known before apply; replace the references with their values, or check the state after apply"},
		"an expression":      {`{"assume_role_policy":{"references":["data.x"]}}`, `"references" is not an element of a policy`},
		"a list":             {`[1]`, "it is not a JSON object"},
		"two roles":          {`{"Roles":[{"AssumeRolePolicyDocument":` + sample + `},{"AssumeRolePolicyDocument":` + another + `}]}`, "it contains 2 different trust policies; pass one role"},
		"one role twice":     {`{"AssumeRolePolicyDocument":` + sample + `,"AssumeRolePolicyDocument":` + another + `}`, `duplicate key "AssumeRolePolicyDocument"`},
		"damaged encoding":   {"%7B%zz", "its URL encoding is damaged"},
		"a policy and more":  {sample[:len(sample)-1] + `,"AssumeRolePolicyDocument":` + another + `}`, `"AssumeRolePolicyDocument" is not an element of a policy`},
		"quoted too often":   {wrapped, "it is not a JSON object"},
		"a function":         {`{"AssumeRolePolicyDocument":{"Fn::Sub":"x"}}`, `"Fn::Sub" is not an element of a policy`},
		"a function inside":  {strings.Replace(sample, `"Principal":"*"`, `"Principal":{"Federated":{"Ref":"Provider"}}`, 1), "the principal Federated is the CloudFormation function Ref; replace it with the value it returns"},
		"a function as well": {strings.Replace(sample, `"Action":"sts:*"`, `"Action":{"Fn::Join":["",["a"]]}`, 1), "Action is the CloudFormation function Fn::Join; replace it with the value it returns"},
	} {
		_, err := trustpolicy.Read([]byte(c.text))
		if !errors.Is(err, trustpolicy.ErrPolicy) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}
