package iam

import (
	"strings"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/pattern"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
)

// Credentials are temporary AWS credentials.
type Credentials struct {
	AccessKeyID                   string
	SecretAccessKey, SessionToken secret.Value
	// Issued is when they were obtained, by this machine's clock.
	Issued time.Time
	// Expires is their end as AWS STS stated it.
	Expires time.Time
}

// Session is what STS answered: credentials and the role session they are for.
type Session struct {
	Credentials    Credentials
	AssumedRoleARN string
	// RequestID is how AWS names the request that brought them; empty when it did not.
	RequestID string
}

// Tag is one session tag.
type Tag struct{ Key, Value string }

// GlobalSTS is the host of the global endpoint of STS, which signs for us-east-1.
const GlobalSTS = "sts.amazonaws.com"

// RegionalSTS is the host of STS in a region of the partition.
func RegionalSTS(p Partition, region string) string {
	return "sts." + region + "." + endpoints[p].regional
}

// The hosts of STS: regional ones, FIPS and dual-stack included, and VPC endpoints. A part
// of a host name has at most 63 characters (maxLabel).
var (
	stsHost  = pattern.Lazy(`^sts(?:-fips)?\.([a-z0-9-]+)\.([a-z.]+)$`)
	vpceHost = pattern.Lazy(`^vpce-[a-z0-9-]{1,58}\.sts\.([a-z0-9-]+)\.vpce\.([a-z.]+)$`)
)

// STSRegion is the region that requests to an STS host are signed for. ok is false for
// a host that is not one of STS. An empty partition accepts the hosts of all of them;
// for any other, inPartition reports whether the host belongs to it.
func STSRegion(host string, p Partition) (region string, inPartition, ok bool) {
	host = strings.ToLower(host)
	if host == GlobalSTS {
		return "us-east-1", p == "" || p == Commercial, true
	}
	m := vpceHost().FindStringSubmatch(host)
	if m == nil {
		m = stsHost().FindStringSubmatch(host)
	}
	if m == nil || !ValidRegion(m[1]) || !ofSTS(m[1], m[2]) {
		return "", false, false
	}
	return m[1], p == "" || PartitionOf(m[1]) == p, true
}

// ofSTS reports whether the suffix is one of the region's partition.
func ofSTS(region, suffix string) bool {
	s, known := endpoints[PartitionOf(region)]
	return known && (suffix == s.regional || suffix == s.dualStack)
}
