// Package iam owns AWS's nouns, each rule once: partitions, regions, accounts, the ARNs
// of roles, sessions, policies and identity providers, the host names of AWS STS, and
// the values that STS hands out. It makes no request and must not know what a pipeline,
// a token or a file is.
package iam

import (
	"slices"
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/pattern"
)

// Partition is a group of regions with accounts and endpoints of its own, such as aws.
// It is a type so that it cannot be mistaken for an account.
type Partition string

// The partitions whose STS can reach a public issuer.
const (
	Commercial Partition = "aws"
	China      Partition = "aws-cn"
	GovCloud   Partition = "aws-us-gov"
	European   Partition = "aws-eusc"
)

// suffixes are the DNS suffixes of a partition's regional and dual-stack endpoints
// (botocore's endpoint rule set of STS).
type suffixes struct{ regional, dualStack string }

var endpoints = map[Partition]suffixes{
	Commercial: {"amazonaws.com", "api.aws"},
	GovCloud:   {"amazonaws.com", "api.aws"},
	China:      {"amazonaws.com.cn", "api.amazonwebservices.com.cn"},
	European:   {"amazonaws.eu", "api.amazonwebservices.eu"},
}

// Partitions are the known ones, in the order in which messages list them.
func Partitions() []Partition { return []Partition{Commercial, China, GovCloud, European} }

// PartitionList names the known partitions for a message.
func PartitionList() string {
	var names []string
	for _, p := range Partitions() {
		names = append(names, string(p))
	}
	return strings.Join(names, ", ")
}

// Known reports whether the partition is one whose STS can reach a public issuer.
func (p Partition) Known() bool { return slices.Contains(Partitions(), p) }

// airGapped are partitions whose STS cannot reach a public issuer.
var airGapped = []Partition{"aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f"}

// problem says why a role of the partition cannot be assumed by a pipeline, as the end
// of a sentence that begins with the role; empty when it can.
func (p Partition) problem() string {
	switch {
	case slices.Contains(airGapped, p):
		return "is in the air-gapped partition " + string(p) + ", whose STS cannot reach the public issuer of the pipeline's token"
	case !p.Known():
		return "names the unknown partition " + string(p) + " (known: " + PartitionList() + ")"
	}
	return ""
}

var region = pattern.Lazy(`^[a-z]{2,}(-[a-z]+)+-[0-9]+$`)

// maxLabel bounds a part of a host name, which a region is (RFC 1035 §2.3.4).
const maxLabel = 63

// ValidRegion reports whether s has the form of a region's name, such as eu-west-1.
func ValidRegion(s string) bool { return len(s) <= maxLabel && region().MatchString(s) }

// PartitionOf is the partition of a region, which AWS shows in the name's prefix.
func PartitionOf(region string) Partition {
	for _, p := range []struct {
		prefix    string
		partition Partition
	}{
		{"cn-", China},
		{"us-gov-", GovCloud},
		{"eusc-", European},
		{"us-isob-", "aws-iso-b"},
		{"us-isof-", "aws-iso-f"},
		{"eu-isoe-", "aws-iso-e"},
		{"us-iso-", "aws-iso"},
	} {
		if strings.HasPrefix(region, p.prefix) {
			return p.partition
		}
	}
	return Commercial
}
