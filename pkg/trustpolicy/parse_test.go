package trustpolicy_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/assume-aws-role/assume-aws-role/pkg/trustpolicy"
)

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	const good = `"Effect":"Allow","Principal":{"Federated":"p"},"Action":"sts:AssumeRoleWithWebIdentity"`
	nested := func(depth int) string {
		return `{"Id":` + strings.Repeat("[", depth) + strings.Repeat("]", depth) + `,"Statement":{` + good + `}}`
	}
	for document, want := range map[string]string{
		``:                               "it is not JSON",
		`{`:                              "it is not JSON",
		`{"a":}`:                         "it is not JSON",
		`[]`:                             "it is not a JSON object",
		`"x"`:                            "it is not a JSON object",
		`{"Statement":{` + good + `}}{}`: "something follows the JSON value",
		`{"Statement":{` + good + `}}x`:  "something follows the JSON value",
		`{"Version":"2012-10-17"}`:       "Statement must be an object or a list of objects",
		`{"Statement":"x"}`:              "Statement must be an object or a list of objects",
		`{"Statement":[1]}`:              "Statement must be an object or a list of objects",
		`{"Statement":[]}`:               "it has no Statement",
		`{"Version":1,"Statement":{}}`:   "Version must be a string",
		`{"version":"x","Statement":{}}`: `"version" is not an element of a policy`,
		`{"Statement":{` + good + `,"a":{"b":1,"c":2,"b":3}}}`: `duplicate key "b"`,
		`{"Statement":{` + good + `,"Effect":"Deny"}}`:         `duplicate key "Effect"`,
		`{"Id":null,"Statement":{` + good + `}}`:               "null is not allowed",
		`{"Id":[1,null],"Statement":{` + good + `}}`:           "null is not allowed",
		nested(33): "it is nested too deeply",

		`{"Statement":[{` + good + `},{` + good + `,"Resource":"*"}]}`:                `statement 2: not an IAM policy document: "Resource" is not an element of a statement in a trust policy`,
		`{"Statement":{"Effect":"allow","Principal":"*","Action":"*"}}`:               "statement 1: not an IAM policy document: Effect must be Allow or Deny",
		`{"Statement":{"Principal":"*","Action":"*"}}`:                                "Effect must be Allow or Deny",
		`{"Statement":{"Sid":1,` + good + `}}`:                                        "Sid must be a string",
		`{"Statement":{"Effect":"Allow","Action":"*"}}`:                               "Principal is required",
		`{"Statement":{"Effect":"Allow","Principal":"*"}}`:                            "Action is required",
		`{"Statement":{` + good + `,"NotAction":"x"}}`:                                "Action and NotAction exclude each other",
		`{"Statement":{` + good + `,"NotPrincipal":"*"}}`:                             "Principal and NotPrincipal exclude each other",
		`{"Statement":{"Effect":"Allow","Principal":"*","Action":1}}`:                 "Action must be a string or a list of strings",
		`{"Statement":{"Effect":"Allow","Principal":"*","Action":[]}}`:                "Action must be a string or a list of strings",
		`{"Statement":{"Effect":"Allow","Principal":"*","Action":["a",true]}}`:        "Action must be a string or a list of strings",
		`{"Statement":{"Effect":"Allow","Principal":"me","Action":"*"}}`:              `Principal must be "*" or an object`,
		`{"Statement":{"Effect":"Allow","Principal":["*"],"Action":"*"}}`:             `Principal must be "*" or an object`,
		`{"Statement":{"Effect":"Allow","Principal":{},"Action":"*"}}`:                `Principal must be "*" or an object`,
		`{"Statement":{"Effect":"Allow","Principal":{"aws":"*"},"Action":"*"}}`:       `"aws" is not a type of principal`,
		`{"Statement":{"Effect":"Allow","Principal":{"AWS":5},"Action":"*"}}`:         "the principal AWS must be a string or a list of strings",
		`{"Statement":{` + good + `,"Condition":[]}}`:                                 "Condition must be an object of objects",
		`{"Statement":{` + good + `,"Condition":{"StringEquals":"x"}}}`:               "Condition must be an object of objects",
		`{"Statement":{` + good + `,"Condition":{"StringEquals":{"k":{"v":1}}}}}`:     "k must be a string or a list of strings",
		`{"Statement":{` + good + `,"Condition":{"StringEquals":{"k":[["v"]]}}}}`:     "k must be a string or a list of strings",
		`{"Statement":{` + good + `,"Condition":{"StringEquals":{"k":[]}}}}`:          "k must be a string or a list of strings",
		`{"Statement":{` + good + `,"Condition":{"StringEquals":{"k":{"Ref":"P"}}}}}`: "k is the CloudFormation function Ref; replace it with the value it returns",
	} {
		_, err := trustpolicy.Parse([]byte(document))
		if !errors.Is(err, trustpolicy.ErrPolicy) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", document, err, want)
		}
	}
	longest := `{"Statement":{` + good + `}}`
	longest += strings.Repeat(" ", 1<<16-len(longest))
	for name, document := range map[string]string{"as deep": nested(32), "as long": longest} {
		if _, err := trustpolicy.Parse([]byte(document)); err != nil {
			t.Errorf("%s as is allowed: %v", name, err)
		}
	}
	if _, err := trustpolicy.Parse([]byte(longest + " ")); err == nil || !strings.Contains(err.Error(), "it is longer than 64 KiB") {
		t.Errorf("longer than is allowed: %v", err)
	}
}

// TestParse reads every form of every element.
func TestParse(t *testing.T) {
	t.Parallel()
	p, err := trustpolicy.Parse([]byte("\ufeff" + `{"Version":"2008-10-17","Id":"x","Statement":[
		{"Sid":"One","Effect":"Allow","Principal":{"Federated":["p","*"],"AWS":"a","Service":["s"],"CanonicalUser":"c"},"NotAction":["x","y"],
		 "Condition":{"StringLike":{"b":"2","a":["1",2,true,1.50]},"Bool":{"c":false}}},
		{"Effect":"Deny","NotPrincipal":{"Federated":"q"},"Action":"z","Condition":{}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := []trustpolicy.Statement{
		{
			Sid: "One", Actions: []string{"x", "y"}, Except: true,
			Principals: trustpolicy.Principals{Everybody: true, Federated: []string{"p"}, Others: []trustpolicy.Principal{{Type: "AWS", Name: "a"}, {Type: "CanonicalUser", Name: "c"}, {Type: "Service", Name: "s"}}},
			Conditions: []trustpolicy.Condition{{Operator: "Bool", Key: "c", Values: []string{"false"}}, {Operator: "StringLike", Key: "a", Values: []string{"1", "2", "true", "1.50"}}, {Operator: "StringLike", Key: "b", Values: []string{"2"}}},
		},
		{Deny: true, Actions: []string{"z"}, Principals: trustpolicy.Principals{Federated: []string{"q"}, Except: true}},
	}
	if diff := cmp.Diff(want, p.Statements); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if p.Version != "2008-10-17" {
		t.Errorf("version %q", p.Version)
	}
}

// TestLength counts characters, and white space only inside of strings.
func TestLength(t *testing.T) {
	t.Parallel()
	document := `{"Statement":{"Sid":"é b","Effect":"Deny","Principal":"*","Action":"*"}}`
	for _, text := range []string{document, strings.ReplaceAll(document, `,"`, " ,\n\t\""), "  " + document + "\n"} {
		p, err := trustpolicy.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if want := len([]rune(document)); p.Length() != want {
			t.Errorf("length %d, want %d", p.Length(), want)
		}
	}
}
