// Command identity asks AWS STS who it is, as a program with the first AWS SDK for Go
// does: with its default chain of credential providers. Its argument is the endpoint.
package main

import (
	"fmt"
	"os"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/sts"
)

func main() {
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(endpoint string) error {
	s, err := session.NewSession(&aws.Config{Endpoint: aws.String(endpoint)})
	if err != nil {
		return err
	}
	id, err := sts.New(s).GetCallerIdentity(nil)
	if err != nil {
		return err
	}
	fmt.Println(aws.StringValue(id.Arn))
	return nil
}
