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
	"OPERATOR": set(`OPERATOR_NOT OPERATOR_IS_NULL OPERATOR_IS_NOT_NULL OPERATOR_COALESCE OPERATOR_NULLIF COMPARE_IN COMPARE_NOT_IN
		STRUCT_EXTRACT ARRAY_EXTRACT GROUPING_FUNCTION`),
	"FUNCTION":  set("FUNCTION"),
	"LAMBDA":    set("LAMBDA"),
	"PARAMETER": set("VALUE_PARAMETER"),
	"SUBQUERY":  set("SUBQUERY"),
	"STAR":      set("STAR"),
	"WINDOW": set(`WINDOW_AGGREGATE WINDOW_ROW_NUMBER WINDOW_RANK WINDOW_RANK_DENSE WINDOW_PERCENT_RANK WINDOW_CUME_DIST
		WINDOW_NTILE WINDOW_LEAD WINDOW_LAG WINDOW_FIRST_VALUE WINDOW_LAST_VALUE WINDOW_NTH_VALUE`),
}

// queryOnly are the classes that only a whole query may have.
var queryOnly = set("PARAMETER SUBQUERY STAR WINDOW")

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
	"LAMBDA":      {"lhs", "expr"},
	"PARAMETER":   {"identifier"},
	"SUBQUERY":    {"subquery_type", "subquery", "child", "comparison_type"},
	"STAR":        {"relation_name", "exclude_list", "qualified_exclude_list", "replace_list", "rename_list", "columns", "expr"},
	"WINDOW": {"function_name", "schema", "children", "partitions", "orders", "start", "end", "start_expr", "end_expr", "offset_expr",
		"default_expr", "filter_expr", "ignore_nulls", "exclude_clause"},
}

// single are the attributes that hold exactly one expression.
var single = map[string][]string{
	"COMPARISON": {"left", "right"},
	"BETWEEN":    {"input", "lower", "upper"},
	"CASE":       {"else_expr"},
	"CAST":       {"child"},
	"COLLATE":    {"child"},
	"LAMBDA":     {"lhs"},
}

// clocks are functions without brackets, which appear as columns.
var clocks = set("current_timestamp current_date current_time localtimestamp localtime")

var collations = set("binary nocase noaccent nfc")

// types may be cast to, and be those of constants.
var types = set(`NULL BOOLEAN TINYINT SMALLINT INTEGER BIGINT HUGEINT UTINYINT USMALLINT UINTEGER UBIGINT UHUGEINT
	FLOAT DOUBLE VARCHAR BLOB DATE TIME TIMESTAMP TIMESTAMP_S TIMESTAMP_MS TIMESTAMP_NS INTERVAL UUID`,
	"TIMESTAMP WITH TIME ZONE")

// scalarFunctions give a value that is about as long as their arguments, in
// linear time. Operators and the sugar of SQL appear under these names too.
var scalarFunctions = set(`
	+ - * / // % ** ^ & | << >> ~ @ ^@
	abs ceil ceiling floor round round_even roundbankers trunc sign signbit sqrt cbrt exp ln log log2 log10 pow power mod fmod fdiv
	divide multiply add subtract xor greatest least nullif isnan isinf isfinite pi radians degrees bit_count
	sin cos tan cot asin acos atan atan2 sinh cosh tanh asinh acosh atanh even gcd lcm nextafter hash
	lower upper lcase ucase length len strlen char_length character_length length_grapheme octet_length bit_length
	trim ltrim rtrim substring substr left right starts_with prefix suffix ends_with ascii ord unicode chr
	strip_accents reverse md5 sha256 
	now today current_date get_current_timestamp transaction_timestamp date_trunc datetrunc date_part datepart
	date_diff datediff date_sub datesub date_add age last_day time_bucket dayname monthname timezone
	epoch epoch_ms epoch_us epoch_ns to_timestamp make_date make_time make_timestamp make_timestamptz make_timestamp_ms make_timestamp_ns
	year month day hour minute second millisecond microsecond nanosecond quarter week weekofyear yearweek weekday
	dayofweek dayofmonth dayofyear isodow isoyear decade century millennium era julian timezone_hour timezone_minute
	to_years to_quarters to_months to_weeks to_days to_hours to_minutes to_seconds to_milliseconds to_microseconds
	json_valid json_type json_array_length
	list_contains list_has array_contains array_has list_position array_position list_indexof struct_extract`)

// growingFunctions give a value as long as all their arguments together.
var growingFunctions = set("|| concat concat_ws list_value struct_pack row")

// searches are the functions whose time depends on a pattern too: the pattern
// must be a short constant of which the function here approves.
var searches = map[string]func(pattern string) bool{
	"~~":                     plainLike,
	"!~~":                    plainLike,
	"~~*":                    fewWildcards,
	"!~~*":                   fewWildcards,
	"~~~":                    fewWildcards,
	"like_escape":            fewWildcards,
	"not_like_escape":        fewWildcards,
	"ilike_escape":           fewWildcards,
	"not_ilike_escape":       fewWildcards,
	"regexp_matches":         anyPattern,
	"regexp_full_match":      anyPattern,
	"regexp_extract":         anyPattern,
	"contains":               anyPattern,
	"position":               anyPattern,
	"strpos":                 anyPattern,
	"instr":                  anyPattern,
	"split_part":             longEnough,
	"strftime":               anyPattern,
	"strptime":               anyPattern,
	"try_strptime":           anyPattern,
	"->>":                    plainPath,
	"json_extract":           plainPath,
	"json_extract_path":      plainPath,
	"json_extract_string":    plainPath,
	"json_extract_path_text": plainPath,
	"json_value":             plainPath,
	"json_exists":            plainPath,
	"json_type":              plainPath,
	"json_array_length":      plainPath,
}

// aggregateFunctions keep a state of bounded size for each group.
var aggregateFunctions = set(`count count_star sum avg mean min max first last any_value arbitrary arg_min arg_max min_by max_by
	arg_min_null arg_max_null bool_and bool_or bit_and bit_or bit_xor countif count_if product
	stddev stddev_pop stddev_samp variance var_pop var_samp skewness kurtosis kurtosis_pop
	corr covar_pop covar_samp regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy
	fsum kahan_sum favg sumkahan sum_no_overflow geomean geometric_mean approx_count_distinct approx_quantile`)

// hoarding are aggregates that people know and that are refused with advice: they
// keep all values, most of them outside of DuckDB's memory limit.
var hoarding = map[string]string{
	"median":           "it keeps all values in memory; approx_quantile(x, 0.5) does not",
	"quantile":         "it keeps all values in memory; approx_quantile(x, 0.9) does not",
	"quantile_cont":    "it keeps all values in memory; approx_quantile(x, 0.9) does not",
	"quantile_disc":    "it keeps all values in memory; approx_quantile(x, 0.9) does not",
	"percentile_cont":  "it keeps all values in memory; approx_quantile(x, 0.9) does not",
	"percentile_disc":  "it keeps all values in memory; approx_quantile(x, 0.9) does not",
	"mode":             "it keeps all values in memory; GROUP BY x ORDER BY count(*) DESC LIMIT 1 does not",
	"mad":              "it keeps all values in memory; stddev does not",
	"entropy":          "it keeps all values in memory; GROUP BY does not",
	"histogram":        "it keeps all values in memory; GROUP BY with count(*) does not",
	"list":             "it makes one value of a whole column; select its rows",
	"array_agg":        "it makes one value of a whole column; select its rows",
	"string_agg":       "it makes one value of a whole column; select its rows",
	"group_concat":     "it makes one value of a whole column; select its rows",
	"listagg":          "it makes one value of a whole column; select its rows",
	"json_group_array": "it makes one value of a whole column; select its rows",
}

// aggregateArguments are how many arguments an aggregate may have when it is not
// one: with one more, max and arg_max gather lists.
var aggregateArguments = map[string]int{
	"count_star": 0, "arg_min": 2, "arg_max": 2, "min_by": 2, "max_by": 2, "arg_min_null": 2, "arg_max_null": 2,
	"corr": 2, "covar_pop": 2, "covar_samp": 2, "approx_quantile": 2,
	"regr_avgx": 2, "regr_avgy": 2, "regr_count": 2, "regr_intercept": 2, "regr_r2": 2, "regr_slope": 2,
	"regr_sxx": 2, "regr_sxy": 2, "regr_syy": 2,
}

// ordered are the aggregates that may have an ORDER BY: DuckDB makes arg_max of them.
var ordered = set("first last any_value arbitrary")

// windowFunctions are those that only a window has.
var windowFunctions = set("row_number rank dense_rank rank_dense percent_rank cume_dist ntile lead lag first_value last_value nth_value")

// windowAggregates have a state of fixed size: a window keeps many at a time.
var windowAggregates = set(`count count_star sum avg mean min max first last any_value bool_and bool_or bit_and bit_or bit_xor countif count_if
	stddev stddev_pop stddev_samp variance var_pop var_samp corr covar_pop covar_samp regr_slope regr_intercept regr_r2 fsum product`)

// sessionNames stand without brackets for what is none of the query's business.
var sessionNames = set("current_catalog current_role current_schema current_user session_user user")

func set(list string, names ...string) map[string]bool {
	m := make(map[string]bool)
	for _, name := range append(strings.Fields(list), names...) {
		m[name] = true
	}
	return m
}
