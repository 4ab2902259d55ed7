package pipeline

import (
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/pattern"
)

// RoleARN is a checked ARN of an IAM role. The zero value is "no role".
type RoleARN struct{ Full, Partition, Account, Name string }

// Given tells whether there is a role.
func (r RoleARN) Given() bool { return r.Full != "" }

// roleARN is the shape of a role ARN (IAM API reference, ARNs and paths).
var roleARN = pattern.Lazy(`^arn:(aws[a-z-]*):iam::([0-9]{12}):role/([\w+=,.@/-]+)$`)

// airGapped are partitions whose STS cannot reach a public issuer.
var airGapped = []string{"aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f"}

// partitionSuffixes maps each partition that can trust a public issuer to the
// DNS suffixes of its regional and of its dual-stack endpoints (botocore's
// endpoint rule set of STS).
var partitionSuffixes = map[string][2]string{
	"aws":        {"amazonaws.com", "api.aws"},
	"aws-us-gov": {"amazonaws.com", "api.aws"},
	"aws-cn":     {"amazonaws.com.cn", "api.amazonwebservices.com.cn"},
	"aws-eusc":   {"amazonaws.eu", "api.amazonwebservices.eu"},
}

// parseRoleARN returns the parts of a role ARN, or what is wrong with it, as the
// end of a sentence that began with the value.
func parseRoleARN(s string) (RoleARN, string) {
	m := roleARN().FindStringSubmatch(s)
	if m == nil {
		return RoleARN{}, "is not a role ARN" + roleHint(s)
	}
	name := m[3][strings.LastIndex(m[3], "/")+1:]
	role := RoleARN{Full: s, Partition: m[1], Account: m[2], Name: name}
	if p := partitionProblem(role.Partition); p != "" {
		return RoleARN{}, p
	}
	const longest = 2048 // API_AssumeRoleWithWebIdentity, RoleArn
	if name == "" || len(name) > 64 || len(s) > longest {
		return RoleARN{}, "does not end in a role name of 1 to 64 characters"
	}
	return role, ""
}

func partitionProblem(partition string) string {
	for _, p := range airGapped {
		if p == partition {
			return "is in the air-gapped partition " + p + ", whose STS cannot reach the public issuer of the pipeline's token"
		}
	}
	if _, known := partitionSuffixes[partition]; !known {
		return "names the unknown partition " + partition + " (known: aws, aws-cn, aws-us-gov, aws-eusc)"
	}
	return ""
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

// regionPattern is the shape of a region's name.
var regionPattern = pattern.Lazy(`^[a-z]{2,}(-[a-z]+)+-[0-9]+$`)

// regionPartition tells a region's partition by its prefix, as AWS names regions.
func regionPartition(region string) string {
	for _, p := range []struct{ prefix, partition string }{
		{"cn-", "aws-cn"},
		{"us-gov-", "aws-us-gov"},
		{"eusc-", "aws-eusc"},
		{"us-isob-", "aws-iso-b"},
		{"us-isof-", "aws-iso-f"},
		{"eu-isoe-", "aws-iso-e"},
		{"us-iso-", "aws-iso"},
	} {
		if strings.HasPrefix(region, p.prefix) {
			return p.partition
		}
	}
	return "aws"
}

// accountPattern is an AWS account id.
var accountPattern = pattern.Lazy(`^[0-9]{12}$`)
