package trustpolicy

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/url"
	"slices"

	"github.com/assume-aws-role/assume-aws-role/pkg/iam"
)

// Read finds the trust policy in what people have at hand: the policy itself, the
// output of "aws iam get-role", also with the policy URL-encoded as the IAM API returns
// it, a CloudFormation template, or Terraform's JSON of a state or a plan. There must be
// exactly one, which is then parsed strictly. The role's ARN beside it becomes the policy's Role.
func Read(text []byte) (*Policy, error) {
	document, role, err := unwrap(text, 0)
	if err != nil {
		return nil, err
	}
	p, err := Parse(document)
	if err == nil {
		p.Role = role
	}
	return p, err
}

// maxWraps bounds how deeply a policy may be quoted, encoded and wrapped.
const maxWraps = 4

// unwrap returns the text of the policy inside a text, and its role; what holds none comes
// back as it is, for Parse to refuse.
func unwrap(text []byte, depth int) ([]byte, iam.RoleARN, error) {
	text, err := decoded(text)
	if err != nil || depth > maxWraps {
		return text, iam.RoleARN{}, err
	}
	var inner string
	if json.Unmarshal(text, &inner) == nil {
		return unwrap([]byte(inner), depth+1)
	}
	if isWrapper(text) {
		return single(text, depth)
	}
	return text, iam.RoleARN{}, nil
}

// isWrapper reports whether a JSON text is a list, or an object that is not a policy
// itself.
func isWrapper(text []byte) bool {
	var list []json.RawMessage
	if json.Unmarshal(text, &list) == nil {
		return true
	}
	var object map[string]json.RawMessage
	return json.Unmarshal(text, &object) == nil && object["Statement"] == nil
}

// decoded removes the URL encoding of a JSON text.
func decoded(text []byte) ([]byte, error) {
	text = bytes.TrimSpace(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")))
	if !bytes.HasPrefix(text, []byte("%")) {
		return text, nil
	}
	plain, err := url.PathUnescape(string(text))
	if err != nil {
		return nil, invalid("its URL encoding is damaged")
	}
	return []byte(plain), nil
}

// wrapped is a policy in an object around it, and the ARN of the role there.
type wrapped struct {
	policy []byte
	role   string
}

// single returns the one trust policy in an object around it, and its role.
func single(text []byte, depth int) ([]byte, iam.RoleARN, error) {
	if _, err := scan(text, true); err != nil {
		return nil, iam.RoleARN{}, err
	}
	found := policiesIn(text)
	if len(found) == 0 && isPlan(text) {
		return nil, iam.RoleARN{}, invalid("this Terraform plan contains no trust policy that is known before apply; replace the references with their values, or check the state after apply")
	}
	if len(found) == 0 {
		return text, iam.RoleARN{}, nil
	}
	var documents [][]byte
	for _, w := range found {
		document, _, err := unwrap(w.policy, depth+1)
		if err != nil {
			return nil, iam.RoleARN{}, err
		}
		if !slices.ContainsFunc(documents, func(d []byte) bool { return bytes.Equal(d, document) }) {
			documents = append(documents, document)
		}
	}
	if len(documents) > 1 {
		return nil, iam.RoleARN{}, invalid("it contains %d different trust policies; pass one role", len(documents))
	}
	return documents[0], role(found), nil
}

// planned is the member of Terraform's plan that holds what will be; the others repeat the
// policies, as they were or as expressions.
const planned = "planned_values"

// isPlan reports whether a JSON text is Terraform's of a plan.
func isPlan(text []byte) bool {
	var object map[string]json.RawMessage
	return json.Unmarshal(text, &object) == nil && object[planned] != nil
}

// policiesIn finds the values of every AssumeRolePolicyDocument and
// assume_role_policy in a JSON text that has been scanned, with the ARN beside each.
func policiesIn(text json.RawMessage) (found []wrapped) {
	var list []json.RawMessage
	if json.Unmarshal(text, &list) == nil {
		for _, element := range list {
			found = append(found, policiesIn(element)...)
		}
		return found
	}
	var object map[string]json.RawMessage
	if json.Unmarshal(text, &object) != nil {
		return nil
	}
	if values := object[planned]; values != nil {
		return policiesIn(values)
	}
	for _, key := range slices.Sorted(maps.Keys(object)) {
		value := object[key]
		if key == "AssumeRolePolicyDocument" || key == "assume_role_policy" {
			if !isMark(value) {
				found = append(found, wrapped{value, arnIn(object)})
			}
			continue
		}
		found = append(found, policiesIn(value)...)
	}
	return found
}

// isMark reports whether a value stands for a policy that is not there: null, or what
// Terraform notes about an attribute that is sensitive or not known.
func isMark(value json.RawMessage) bool {
	return slices.Contains([]string{"null", "true", "false"}, string(value))
}

// role is the one that all objects name; the zero value when they name several or none.
func role(found []wrapped) iam.RoleARN {
	if slices.ContainsFunc(found, func(w wrapped) bool { return w.role != found[0].role }) {
		return iam.RoleARN{}
	}
	arn, _ := iam.ParseRoleARN(found[0].role)
	return arn
}

// arnIn is the ARN that an object of the IAM API or of Terraform names.
func arnIn(object map[string]json.RawMessage) (arn string) {
	for _, key := range []string{"Arn", "arn"} {
		if json.Unmarshal(object[key], &arn) == nil {
			return arn
		}
	}
	return ""
}
