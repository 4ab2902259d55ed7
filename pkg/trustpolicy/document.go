package trustpolicy

import (
	"bytes"
	"encoding/json"

	"github.com/assume-aws-role/assume-aws-role/pkg/claims"
	"github.com/assume-aws-role/assume-aws-role/pkg/iam"
)

// languageVersion is the current version of the policy language.
const languageVersion = "2012-10-17"

// document and its parts have the order in which people write a policy.
type document struct {
	Version   string
	Statement []allowance
}

type allowance struct {
	Sid       string
	Effect    string
	Principal struct{ Federated string }
	Action    string
	Condition struct{ StringEquals map[string]string }
}

// allow is the statement that admits exactly one identity: its provider, and
// every key that AWS derives from its token, compared for equality.
func allow(sid string, p iam.Partition, account iam.Account, v claims.AWSView) allowance {
	a := allowance{Sid: sid, Effect: "Allow", Action: Action}
	a.Principal.Federated = iam.ProviderARN(p, account, v.Provider)
	a.Condition.StringEquals = map[string]string{v.Provider + ":aud": v.Audience, v.Provider + ":sub": v.Subject}
	if v.OriginalAudience != "" {
		a.Condition.StringEquals[v.Provider+":oaud"] = v.OriginalAudience
	}
	return a
}

// pretty is JSON indented by two spaces.
func pretty(v any) string { return encode(v, "  ") }

// encode is JSON with <, > and & as they are. What it is given holds strings only,
// which JSON can always represent.
func encode(v any, indent string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	_ = e.Encode(v)
	return string(bytes.TrimRight(b.Bytes(), "\n"))
}
