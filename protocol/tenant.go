package protocol

import "strings"

// Tenant returns the tenant of a component: what follows the first dot of its
// name, "." when there is none or the component is anonymous.
func Tenant(name string) string {
	if _, domain, ok := strings.Cut(name, "."); ok && domain != "" {
		return domain
	}
	return "."
}
