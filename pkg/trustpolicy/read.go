package trustpolicy

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
)

// Read finds the trust policy in what people have at hand: the policy itself, the
// output of "aws iam get-role", also with the policy URL-encoded as the IAM API returns
// it, a CloudFormation template, or Terraform's JSON. There must be exactly one, which
// is then parsed strictly.
func Read(text []byte) (*Policy, error) {
	document, err := unwrap(text, 0)
	if err != nil {
		return nil, err
	}
	return Parse(document)
}

// maxWraps bounds how deeply a policy may be quoted, encoded and wrapped.
const maxWraps = 4

// unwrap returns the text of the policy inside a text; what holds none comes back as it
// is, for Parse to refuse.
func unwrap(text []byte, depth int) ([]byte, error) {
	text, err := decoded(text)
	if err != nil || depth > maxWraps {
		return text, err
	}
	var inner string
	if json.Unmarshal(text, &inner) == nil {
		return unwrap([]byte(inner), depth+1)
	}
	if isWrapper(text) {
		return single(text, depth)
	}
	return text, nil
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

// single returns the one trust policy in an object around it.
func single(text []byte, depth int) ([]byte, error) {
	if _, err := scan(text, true); err != nil {
		return nil, err
	}
	var found [][]byte
	for _, wrapped := range policiesIn(text) {
		document, err := unwrap(wrapped, depth+1)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(found, func(f []byte) bool { return bytes.Equal(f, document) }) {
			found = append(found, document)
		}
	}
	if len(found) == 0 {
		return text, nil
	}
	if len(found) > 1 {
		return nil, invalid("it contains %d different trust policies; pass one role", len(found))
	}
	return found[0], nil
}

// policiesIn finds the values of every AssumeRolePolicyDocument and
// assume_role_policy in a JSON text that has been scanned.
func policiesIn(text json.RawMessage) (found []json.RawMessage) {
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
	for _, key := range slices.Sorted(maps.Keys(object)) {
		value := object[key]
		if key == "AssumeRolePolicyDocument" || key == "assume_role_policy" {
			if string(value) != "null" {
				found = append(found, value)
			}
			continue
		}
		found = append(found, policiesIn(value)...)
	}
	return found
}
