package pipeline

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/network"
	"github.com/assume-aws-role/assume-aws-role/pkg/pattern"
)

// STSEndpoint is where AWS STS is called and for which region requests are signed.
type STSEndpoint struct {
	URL           string
	SigningRegion string
}

// stsHost matches the regional hosts of STS, FIPS and dual-stack ones included,
// and VPC endpoints of it.
var (
	stsHost  = pattern.Lazy(`^sts(-fips)?\.([a-z0-9-]+)\.([a-z.]+)$`)
	vpceHost = pattern.Lazy(`^vpce-[a-z0-9-]+\.sts\.([a-z0-9-]+)\.vpce\.([a-z.]+)$`)
)

// stsEndpoint is the given endpoint, checked, or the regional one of the role's
// partition. No other host is ever shown a token.
func stsEndpoint(given string, r Role, p *problems) STSEndpoint {
	partition := r.ARN.Partition
	if given == "" {
		return STSEndpoint{"https://sts." + r.Region + "." + partitionSuffixes[partition][0], r.Region}
	}
	if macro().MatchString(given) {
		return STSEndpoint{}
	}
	const input = "stsEndpoint"
	u, err := url.Parse(given)
	if err != nil || u.Hostname() == "" || strings.HasSuffix(u.Host, ":") || !validPort(u.Port()) || u.Scheme != "https" && u.Scheme != "http" {
		p.add(input, "not a URL such as https://sts.eu-west-1.amazonaws.com")
		return STSEndpoint{}
	}
	if u.User != nil || u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		p.add(input, "a URL without path, query, fragment or user is wanted")
		return STSEndpoint{}
	}
	endpoint := STSEndpoint{u.Scheme + "://" + strings.ToLower(u.Host), r.Region}
	if network.IsLoopback(u.Hostname()) {
		return endpoint
	}
	region, problem := stsRegion(u, partition)
	if problem != "" {
		p.add(input, "%s %s", shown(u.Host), problem)
	}
	endpoint.SigningRegion = region
	return endpoint
}

func validPort(port string) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	return port == "" || err == nil && n > 0
}

// stsRegion is the region that an endpoint of AWS signs for, or what is wrong
// with the endpoint.
func stsRegion(u *url.URL, partition string) (region, problem string) {
	host := strings.ToLower(u.Hostname())
	if u.Scheme != "https" {
		return "", "must be reached by https"
	}
	if u.Port() != "" && u.Port() != "443" {
		return "", "must be reached at port 443"
	}
	suffixes := partitionSuffixes[partition]
	if host == "sts.amazonaws.com" && (partition == "aws" || partition == "") {
		return "us-east-1", ""
	}
	var suffix string
	if m := vpceHost().FindStringSubmatch(host); m != nil {
		region, suffix = m[1], m[2]
	} else if m := stsHost().FindStringSubmatch(host); m != nil {
		region, suffix = m[2], m[3]
	}
	if !regionPattern().MatchString(region) || !knownSuffix(suffix) {
		return "", "is not an endpoint of AWS STS"
	}
	if partition != "" && (!slices.Contains(suffixes[:], suffix) || regionPartition(region) != partition) {
		return "", "is not an endpoint of the role's partition " + partition
	}
	return region, ""
}

func knownSuffix(suffix string) bool {
	for _, s := range partitionSuffixes {
		if slices.Contains(s[:], suffix) {
			return true
		}
	}
	return false
}
