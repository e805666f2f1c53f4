package guard

import "strings"

// kinds are the nodes that may appear in an expression: class → types.
var kinds = map[string]map[string]bool{
	"COLUMN_REF":  set("COLUMN_REF"),
	"CONSTANT":    set("VALUE_CONSTANT"),
	"COMPARISON":  set("COMPARE_EQUAL COMPARE_NOTEQUAL COMPARE_LESSTHAN COMPARE_GREATERTHAN COMPARE_LESSTHANOREQUALTO COMPARE_GREATERTHANOREQUALTO COMPARE_DISTINCT_FROM COMPARE_NOT_DISTINCT_FROM"),
	"CONJUNCTION": set("CONJUNCTION_AND CONJUNCTION_OR"),
	"BETWEEN":     set("COMPARE_BETWEEN COMPARE_NOT_BETWEEN"),
	"CASE":        set("CASE_EXPR"),
	"CAST":        set("OPERATOR_CAST"),
	"COLLATE":     set("COLLATE"),
	"OPERATOR":    set("OPERATOR_NOT OPERATOR_IS_NULL OPERATOR_IS_NOT_NULL OPERATOR_COALESCE OPERATOR_NULLIF COMPARE_IN COMPARE_NOT_IN"),
	"FUNCTION":    set("FUNCTION"),
}

// attributes are those that each class may have, besides class, type and location.
var attributes = map[string][]string{
	"COLUMN_REF":  {"column_names"},
	"CONSTANT":    {"value"},
	"COMPARISON":  {"left", "right"},
	"CONJUNCTION": {"children"},
	"BETWEEN":     {"input", "lower", "upper"},
	"CASE":        {"case_checks", "else_expr"},
	"CAST":        {"child", "cast_type", "try_cast"},
	"COLLATE":     {"child", "collation"},
	"OPERATOR":    {"children"},
	"FUNCTION":    {"function_name", "schema", "children", "order_bys", "is_operator", "filter", "distinct"},
}

// single are the attributes that hold exactly one expression.
var single = map[string][]string{
	"COMPARISON": {"left", "right"},
	"BETWEEN":    {"input", "lower", "upper"},
	"CASE":       {"else_expr"},
	"CAST":       {"child"},
	"COLLATE":    {"child"},
}

// clocks are functions without brackets, which appear as columns.
var clocks = set("current_timestamp current_date current_time localtimestamp localtime")

var collations = set("binary nocase noaccent nfc")

// types may be cast to, and be those of constants.
var types = set(`NULL BOOLEAN TINYINT SMALLINT INTEGER BIGINT HUGEINT UTINYINT USMALLINT UINTEGER UBIGINT UHUGEINT
	FLOAT DOUBLE VARCHAR BLOB DATE TIME TIMESTAMP TIMESTAMP_S TIMESTAMP_MS TIMESTAMP_NS INTERVAL`,
	"TIMESTAMP WITH TIME ZONE")

// scalarFunctions give a value that is about as long as their arguments, in
// linear time. Operators and the sugar of SQL appear under these names too.
var scalarFunctions = set(`
	+ - * / // % ** ^ & | << >> ~ @ ^@
	abs ceil ceiling floor round trunc sign sqrt cbrt exp ln log log2 log10 pow power mod fmod
	divide multiply add subtract xor greatest least nullif isnan isinf isfinite pi radians degrees
	sin cos tan cot asin acos atan atan2 sinh cosh tanh even gcd lcm
	lower upper lcase ucase length len strlen char_length character_length octet_length bit_length
	trim ltrim rtrim substring substr left right starts_with prefix suffix ends_with ascii ord unicode
	now today current_date get_current_timestamp transaction_timestamp date_trunc datetrunc date_part datepart
	date_diff datediff date_sub datesub date_add age last_day time_bucket dayname monthname timezone
	epoch epoch_ms epoch_us epoch_ns to_timestamp make_date make_time make_timestamp make_timestamp_ms make_timestamp_ns
	year month day hour minute second millisecond microsecond quarter week weekofyear yearweek weekday
	dayofweek dayofmonth dayofyear isodow isoyear decade century
	to_years to_quarters to_months to_weeks to_days to_hours to_minutes to_seconds to_milliseconds to_microseconds`)

// growingFunctions give a longer text than they get.
var growingFunctions = set("|| concat concat_ws strftime")

// searches are the functions whose time depends on a pattern too: the pattern
// must be a short constant of which the function here approves.
var searches = map[string]func(pattern string) bool{
	"~~":                plainLike,
	"!~~":               plainLike,
	"~~*":               fewWildcards,
	"!~~*":              fewWildcards,
	"~~~":               fewWildcards,
	"like_escape":       fewWildcards,
	"not_like_escape":   fewWildcards,
	"ilike_escape":      fewWildcards,
	"not_ilike_escape":  fewWildcards,
	"regexp_matches":    anyPattern,
	"regexp_full_match": anyPattern,
	"regexp_extract":    anyPattern,
	"contains":          anyPattern,
	"position":          anyPattern,
	"strpos":            anyPattern,
	"instr":             anyPattern,
	"strftime":          anyPattern,
	"strptime":          anyPattern,
	"try_strptime":      anyPattern,
}

// aggregateFunctions keep a state of bounded size.
var aggregateFunctions = set(`count count_star sum avg mean min max first last any_value arg_min arg_max min_by max_by
	bool_and bool_or stddev stddev_pop stddev_samp variance var_pop var_samp corr covar_pop covar_samp fsum kahan_sum`)

func set(list string, names ...string) map[string]bool {
	m := make(map[string]bool)
	for _, name := range append(strings.Fields(list), names...) {
		m[name] = true
	}
	return m
}
