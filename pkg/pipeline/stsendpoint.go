package pipeline

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/iam"
	"github.com/assume-aws-role/assume-aws-role/pkg/network"
)

// STSEndpoint is where AWS STS is called and for which region requests are signed.
type STSEndpoint struct {
	URL           string
	SigningRegion string
}

// stsEndpoint is the given endpoint, checked, or the regional one of the role's
// partition. No other host is ever shown a token.
func stsEndpoint(given string, role iam.RoleARN, region string, p *problems) STSEndpoint {
	if given == "" {
		return STSEndpoint{"https://" + iam.RegionalSTS(role.Partition, region), region}
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
		p.add(input, "must be a URL without path, query, fragment or user")
		return STSEndpoint{}
	}
	endpoint := STSEndpoint{u.Scheme + "://" + strings.ToLower(u.Host), region}
	if network.IsLoopback(u.Hostname()) {
		return endpoint
	}
	signed, problem := stsRegion(u, role.Partition)
	if problem != "" {
		p.add(input, "%s %s", p.shown(input, u.Host), problem)
	}
	endpoint.SigningRegion = signed
	return endpoint
}

func validPort(port string) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	return port == "" || err == nil && n > 0
}

// stsRegion is the region that an endpoint of AWS signs for, or what is wrong
// with the endpoint.
func stsRegion(u *url.URL, partition iam.Partition) (region, problem string) {
	if u.Scheme != "https" {
		return "", "must be reached by https"
	}
	if u.Port() != "" && u.Port() != "443" {
		return "", "must be reached at port 443"
	}
	region, inPartition, ok := iam.STSRegion(u.Hostname(), partition)
	switch {
	case !ok:
		return "", "is not an endpoint of AWS STS"
	case !inPartition:
		return "", "is not an endpoint of the role's partition " + string(partition)
	}
	return region, ""
}
