package iam

import (
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/pattern"
)

// Account is the id of an AWS account: 12 digits. It is a type so that it cannot be
// mistaken for a partition.
type Account string

var account = pattern.Lazy(`^[0-9]{12}$`)

// Valid reports whether the account has 12 digits.
func (a Account) Valid() bool { return account().MatchString(string(a)) }

// RoleARN is the ARN of an IAM role. The zero value is "no role".
type RoleARN struct {
	Partition Partition
	Account   Account
	// Path is "/" or begins and ends with a slash.
	Path string
	Name string
}

// maxRolePath and maxRoleName bound a role, in characters (API_CreateRole, Path and
// RoleName). An ARN within them is shorter than the 2048 that STS accepts.
const (
	maxRolePath = 512
	maxRoleName = 64
)

// roleARN is the form of a role's ARN (IAM User Guide, IAM identifiers).
var roleARN = pattern.Lazy(`^arn:(aws[a-z-]*):iam::([0-9]{12}):role(/(?:[\w+=,.@/-]*/)?)([\w+=,.@-]+)$`)

// ParseRoleARN reads the ARN of a role that a pipeline can assume. For any other text,
// problem says what is wrong as the end of a sentence that begins with the text.
func ParseRoleARN(s string) (r RoleARN, problem string) {
	m := roleARN().FindStringSubmatch(s)
	if m == nil {
		return RoleARN{}, "is not a role ARN" + roleHint(s)
	}
	r = RoleARN{Partition: Partition(m[1]), Account: Account(m[2]), Path: m[3], Name: m[4]}
	if problem := r.Partition.problem(); problem != "" {
		return RoleARN{}, problem
	}
	if len(r.Name) > maxRoleName {
		return RoleARN{}, "does not end in a role name of 1 to 64 characters"
	}
	if len(r.Path) > maxRolePath {
		return RoleARN{}, "has a path of more than 512 characters"
	}
	return r, ""
}

// roleHint recognises the ARNs that people paste by mistake.
func roleHint(s string) string {
	switch {
	case strings.Contains(s, ":oidc-provider/"):
		return "; it is the ARN of the identity provider"
	case strings.Contains(s, ":assumed-role/"):
		return "; it is the ARN of a session, give the role itself (arn:aws:iam::…:role/…)"
	case strings.Contains(s, ":instance-profile/"):
		return "; it is the ARN of an instance profile"
	case strings.Contains(s, ":user/"):
		return "; it is the ARN of a user"
	}
	return " of the form arn:aws:iam::111122223333:role/name"
}

// Given reports whether there is a role.
func (r RoleARN) Given() bool { return r.Name != "" }

// String is the ARN; empty for no role.
func (r RoleARN) String() string {
	if !r.Given() {
		return ""
	}
	return "arn:" + string(r.Partition) + ":iam::" + string(r.Account) + ":role" + r.Path + r.Name
}

// policyARN is the form of a managed policy's ARN, of AWS or of an account.
var policyARN = pattern.Lazy(`^arn:(aws[a-z-]*):iam::([0-9]{12}|aws):policy/[\w+=,.@/-]+$`)

// ManagedByAWS stands in the place of the account in the ARN of a policy that AWS manages.
const ManagedByAWS Account = "aws"

// ParsePolicyARN returns the partition and the account, or ManagedByAWS, of a managed
// policy's ARN.
func ParsePolicyARN(s string) (p Partition, a Account, ok bool) {
	m := policyARN().FindStringSubmatch(s)
	if m == nil {
		return "", "", false
	}
	return Partition(m[1]), Account(m[2]), true
}

// ProviderARN is the ARN of the OIDC identity provider for an issuer, which is given
// without https://.
func ProviderARN(p Partition, a Account, issuer string) string {
	return "arn:" + string(p) + ":iam::" + string(a) + ":oidc-provider/" + issuer
}

// sessionARN is the form of a role session's ARN (IAM User Guide, IAM identifiers). It
// holds the role's name without its path.
var sessionARN = pattern.Lazy(`^arn:(aws[a-z-]*):sts::([0-9]{12}):assumed-role/([\w+=,.@-]+)/([\w+=,.@-]+)$`)

// SessionOf reports whether arn is that of a session of the role under the given role
// session name.
func (r RoleARN) SessionOf(arn, sessionName string) bool {
	m := sessionARN().FindStringSubmatch(arn)
	return m != nil && Partition(m[1]) == r.Partition && Account(m[2]) == r.Account && m[3] == r.Name && m[4] == sessionName
}
