# What is raised: the same alarms as in ../template.yaml, whose comments have the reasons; tests/infra/terraform.py compares the two.

locals {
  seconds = var.period * 60
  status  = { WARN = 2, ERR = 3 }
  # Alarms on a query see three hours at most: five periods of 36 minutes.
  window = min(var.period, 36) * 60
  # Of five periods, how many must breach where one may be chance.
  twice = var.period >= 120 ? 1 : 2
  # Whether five periods are sure to hold a run, so that the end of an alarm on a group is true.
  end = var.ok_pages == "on" && var.period < 120
  # Runs in a row after which nothing, an unknown group or a missing part is an alarm.
  runs = var.period >= 60 ? 2 : 3
  # The same in PromQL, in seconds.
  otlp     = var.metrics == "otlp"
  reach    = 2 * local.seconds + 180
  hold     = max(10800, 3 * local.seconds)
  silence  = local.runs * local.seconds + 120
  again    = var.period >= 120 ? 0 : local.seconds + 60
  in_a_row = min((local.runs - 1) * local.seconds + 60, 86400)

  # One series for each group or watched topic. A series that the query retrieves no more is OK at once, whatever missing data means.
  by_group = {
    group-status = {
      description  = "A consumer group of ${var.cluster} is ${var.alarm_from} or worse; the contributors are these groups."
      query        = "SELECT MAX(\"Status\") FROM SCHEMA(\"${var.namespace}\", \"Cluster\", \"Group\") WHERE \"Cluster\" = '${var.cluster}' GROUP BY \"Group\" ORDER BY MAX() DESC"
      comparison   = "GreaterThanOrEqualToThreshold"
      threshold    = local.status[var.alarm_from]
      evaluations  = 5
      datapoints   = 1
      missing_data = "ignore"
      wanted       = true
      pages        = var.group_pages == "on"
      ends         = var.group_pages == "on" && local.end
      promql       = "max by (cluster, group) (last_over_time({\"meerkat.group.status\", cluster=\"${var.cluster}\"}[${local.reach}s])) >= ${local.status[var.alarm_from]} or max by (cluster, group) (last_over_time({\"meerkat.group.status\", cluster=\"${var.cluster}\"}[${local.hold}s])) >= ${local.status[var.alarm_from]} unless on (cluster) count by (cluster) (max by (cluster, part) (last_over_time({\"meerkat.heartbeat\", cluster=\"${var.cluster}\"}[${local.reach}s]))) >= ${var.parts}"
      pending      = 0
      recovery     = 600
    }
    lag-seconds = {
      description  = "The oldest unread record of a consumer group of ${var.cluster} is ${var.lag_seconds_alarm} s old or older; the contributors are these groups."
      query        = "SELECT MAX(\"LagSeconds\") FROM SCHEMA(\"${var.namespace}\", \"Cluster\", \"Group\") WHERE \"Cluster\" = '${var.cluster}' GROUP BY \"Group\" ORDER BY MAX() DESC"
      comparison   = "GreaterThanOrEqualToThreshold"
      threshold    = var.lag_seconds_alarm
      evaluations  = 5
      datapoints   = local.twice
      missing_data = "ignore"
      wanted       = var.lag_seconds_alarm > 0
      pages        = var.group_pages == "on"
      ends         = false
      promql       = "max by (cluster, group) (last_over_time({\"meerkat.group.lag.seconds\", cluster=\"${var.cluster}\"}[${local.reach}s])) >= ${var.lag_seconds_alarm}"
      pending      = local.again
      recovery     = 600
    }
    lost-offsets = {
      description  = "Retention deleted records of ${var.cluster} before a group read them; the contributors are these groups."
      query        = "SELECT MAX(\"LostOffsets\") FROM SCHEMA(\"${var.namespace}\", \"Cluster\", \"Group\") WHERE \"Cluster\" = '${var.cluster}' GROUP BY \"Group\" ORDER BY MAX() DESC"
      comparison   = "GreaterThanThreshold"
      threshold    = 0
      evaluations  = 5
      datapoints   = 1
      missing_data = "notBreaching"
      wanted       = true
      pages        = var.loss_pages == "on"
      ends         = false
      promql       = "max by (cluster, group) (last_over_time({\"meerkat.group.lost\", cluster=\"${var.cluster}\"}[${local.reach}s])) > 0"
      pending      = 0
      recovery     = 600
    }
    loss-ahead = {
      description  = "A group of ${var.cluster} has nearly used up what retention keeps, and will lose records; the contributors are these groups."
      query        = "SELECT MAX(\"LossAhead\") FROM SCHEMA(\"${var.namespace}\", \"Cluster\", \"Group\") WHERE \"Cluster\" = '${var.cluster}' GROUP BY \"Group\" ORDER BY MAX() DESC"
      comparison   = "GreaterThanThreshold"
      threshold    = 0
      evaluations  = 5
      datapoints   = local.twice
      missing_data = "notBreaching"
      wanted       = true
      pages        = var.loss_pages == "on"
      ends         = false
      promql       = "max by (cluster, group) (count_over_time({\"meerkat.group.loss_ahead\", cluster=\"${var.cluster}\"}[${local.reach}s])) >= ${local.twice}"
      pending      = 0
      recovery     = 600
    }
    topic-status = {
      description  = "A watched topic of ${var.cluster} has records that should not be there, or has had none for too long; the contributors are these topics."
      query        = "SELECT MAX(\"TopicStatus\") FROM SCHEMA(\"${var.namespace}\", \"Cluster\", \"Topic\") WHERE \"Cluster\" = '${var.cluster}' GROUP BY \"Topic\" ORDER BY MAX() DESC"
      comparison   = "GreaterThanOrEqualToThreshold"
      threshold    = 2
      evaluations  = 5
      datapoints   = 1
      missing_data = "ignore"
      wanted       = var.watch != ""
      pages        = var.group_pages == "on"
      ends         = false
      promql       = "max by (cluster, topic) (last_over_time({\"meerkat.topic.status\", cluster=\"${var.cluster}\"}[${local.reach}s])) >= 2"
      pending      = 0
      recovery     = 600
    }
  }

  # One series each.
  of_stack = {
    cluster-problems = {
      description  = "Brokers of ${var.cluster} are away, or partitions have no leader or lack replicas, and have for five minutes or longer; the report names them."
      namespace    = var.namespace
      metric       = "ClusterProblems"
      dimensions   = { Cluster = var.cluster }
      statistic    = "Maximum"
      seconds      = local.seconds
      comparison   = "GreaterThanThreshold"
      threshold    = 0
      evaluations  = local.runs
      datapoints   = 1
      missing_data = "ignore"
      pages        = true
      ends         = true
      promql       = "max by (cluster) (last_over_time({\"meerkat.cluster_problems\", cluster=\"${var.cluster}\"}[${local.hold}s])) > 0"
      pending      = 0
      recovery     = 600
    }
    unknown-groups = {
      description  = "Groups of ${var.cluster} could not be read, or are expected and not there, run after run."
      namespace    = var.namespace
      metric       = "UnknownGroups"
      dimensions   = { Cluster = var.cluster }
      statistic    = "Sum"
      seconds      = local.seconds
      comparison   = "GreaterThanThreshold"
      threshold    = 0
      evaluations  = local.runs
      datapoints   = local.runs
      missing_data = "ignore"
      pages        = false
      ends         = false
      promql       = "sum by (cluster) (last_over_time({\"meerkat.unknown_groups\", cluster=\"${var.cluster}\"}[${local.reach}s])) > 0"
      pending      = local.in_a_row
      recovery     = 600
    }
    function-errors = {
      description  = "Runs for ${var.cluster} fail; the log has the reason."
      namespace    = "AWS/Lambda"
      metric       = "Errors"
      dimensions   = { FunctionName = "meerkat-${var.name}" }
      statistic    = "Sum"
      seconds      = local.seconds
      comparison   = "GreaterThanThreshold"
      threshold    = 0
      evaluations  = var.period >= 60 ? 2 : 6
      datapoints   = var.period >= 60 ? 2 : 5
      missing_data = "notBreaching"
      pages        = false
      ends         = false
      promql       = ""
      pending      = 0
      recovery     = 0
    }
    heartbeat-missing = {
      description  = "No run for ${var.cluster} has finished for some periods, of any part. Before the first run that is expected: …-nobody-watches sends the page."
      namespace    = var.namespace
      metric       = "Heartbeat"
      dimensions   = { Cluster = var.cluster }
      statistic    = "Sum"
      seconds      = local.seconds
      comparison   = "LessThanThreshold"
      threshold    = 1
      evaluations  = local.runs
      datapoints   = local.runs
      missing_data = "breaching"
      pages        = false
      ends         = false
      promql       = "absent_over_time({\"meerkat.heartbeat\", cluster=\"${var.cluster}\"}[${local.silence}s])"
      pending      = 0
      recovery     = 0
    }
    # No data until the first run has finished, then OK for good: a new deployment does not page because it is new.
    first-run = {
      description  = "OK from the first finished run for ${var.cluster} on; never in ALARM."
      namespace    = var.namespace
      metric       = "Heartbeat"
      dimensions   = { Cluster = var.cluster }
      statistic    = "Sum"
      seconds      = local.seconds
      comparison   = "LessThanThreshold"
      threshold    = 1
      evaluations  = 1
      datapoints   = 1
      missing_data = "ignore"
      pages        = false
      ends         = false
      promql       = ""
      pending      = 0
      recovery     = 0
    }
    blind-runs = {
      description  = "Runs for ${var.cluster} start and cannot read Kafka; the log has the reason. The groups' statuses are the last known ones. The end is that of …-nobody-watches."
      namespace    = var.namespace
      metric       = "BlindRuns"
      dimensions   = { Cluster = var.cluster }
      statistic    = "Sum"
      seconds      = local.seconds
      comparison   = "GreaterThanThreshold"
      threshold    = 0
      evaluations  = local.runs
      datapoints   = 2
      missing_data = "notBreaching"
      pages        = true
      ends         = false
      promql       = "max by (cluster) (count_over_time({\"meerkat.blind_runs\", cluster=\"${var.cluster}\"}[${local.silence}s])) >= 2"
      pending      = 0
      recovery     = 0
    }
  }
  of_part = { for number in range(1, var.parts > 1 ? var.parts + 1 : 1) : "part-${number}" => {
    description  = "Part ${number} of ${var.parts} of the runs for ${var.cluster} does not finish; …-part-missing sends the page."
    namespace    = var.namespace
    metric       = "Heartbeat"
    dimensions   = { Cluster = var.cluster, Part = "${number}/${var.parts}" }
    statistic    = "Sum"
    seconds      = local.seconds
    comparison   = "LessThanThreshold"
    threshold    = 1
    evaluations  = local.runs
    datapoints   = local.runs
    missing_data = "breaching"
    pages        = false
    ends         = false
    promql       = "absent_over_time({\"meerkat.heartbeat\", cluster=\"${var.cluster}\", part=\"${number}/${var.parts}\"}[${local.silence}s])"
    pending      = 0
    recovery     = 0
  } }
  wanted_of_stack = { for name, alarm in local.of_stack : name => alarm if name != "cluster-problems" || var.cluster_alarms == "on" }
  single          = merge(local.wanted_of_stack, local.of_part)

  # Without a metric of its own, a first run is known by what Lambda counts.
  by_metric = { for name, alarm in local.single : name => !local.otlp || name == "function-errors" }
  in_promql = { for name, alarm in local.single : name => local.otlp && alarm.promql != "" }
  finished = !local.otlp ? {} : {
    finished = { expression = "IF(runs - errors > 0, runs)", metric = "" }
    runs     = { expression = null, metric = "Invocations" }
    errors   = { expression = null, metric = "Errors" }
  }

  wanted_by_group = { for name, alarm in local.by_group : name => alarm if alarm.wanted }
  in_page = concat(
    ["unknown-groups", "function-errors"],
    var.group_pages == "on" ? [] : [for name in ["group-status", "lag-seconds", "topic-status"] : name if local.by_group[name].wanted],
  )
  page_rule   = join(" OR ", [for name in local.in_page : "ALARM(\"${var.name}-${name}\")"])
  nobody_rule = "ALARM(\"${var.name}-heartbeat-missing\") AND OK(\"${var.name}-first-run\")"
  any_part    = join(" OR ", [for number in range(1, var.parts + 1) : "ALARM(\"${var.name}-part-${number}\")"])
  part_rule   = "OK(\"${var.name}-first-run\") AND OK(\"${var.name}-heartbeat-missing\") AND (${local.any_part})"
  topics      = var.alarm_topic_arn == "" ? [] : [var.alarm_topic_arn]
  ends        = var.ok_pages == "on" ? local.topics : []
}
