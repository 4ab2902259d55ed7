// Command stub stands in for the binary behind the launcher. STUB says what it does.
package main

import (
	"bufio"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
)

func main() {
	self, _ := os.Executable()
	fmt.Printf("stub %s in %s\n", strings.Join(os.Args[1:], " "), self)
	what, argument, _ := strings.Cut(os.Getenv("STUB"), " ")
	switch what {
	case "exit":
		status, _ := strconv.Atoi(argument)
		os.Exit(status)
	case "kill":
		p, _ := os.FindProcess(os.Getpid())
		_ = p.Kill()
		select {}
	case "wait":
		wait(argument == "stubborn")
	case "env":
		for _, name := range strings.Fields(argument) {
			v, ok := os.LookupEnv(name)
			fmt.Printf("env %s %q %v\n", name, v, ok)
		}
	case "stdin":
		line, err := bufio.NewReader(os.Stdin).ReadString('\n')
		fmt.Printf("stdin %q %v\n", line, err)
	}
}

// wait ends at the first signal, or never.
func wait(stubborn bool) {
	c := make(chan os.Signal, 4)
	signal.Notify(c, os.Interrupt, syscall.SIGTERM)
	fmt.Printf("ready %d\n", os.Getpid())
	for s := range c {
		fmt.Println("got", s)
		if !stubborn {
			return
		}
	}
}
