#!/usr/bin/env python3
"""lambda_template_test.py - the SAM templates in deploy/lambda, and the Makefile that `sam build` runs.

Usage: lambda_template_test.py BUILDDIR. What deploys wrongly shows on AWS only, so what can be known
before is asserted here: what each function has, what its role may do, what each event looks like; and
every property against the types that CloudFormation publishes. The Makefile is run as SAM does.
"""

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import zipfile

sys.dont_write_bytecode = True  # the source may be another's, or be read only
from fastcgi import Skip, equal, expect, main
from modules import fetch_modules

try:
    import yaml
except ImportError:
    yaml = None

SOURCE = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
FOLDER = os.path.join(SOURCE, "deploy", "lambda")
TEMPLATES = ("template.yaml", "labels.yaml")
# What a role may do to resources that can't be named, and AWS's reason.
NAMELESS = {"rekognition:DetectLabels": "DetectLabels supports no resource types",
            "translate:TranslateText": "its resources are terminologies, of which there are none",
            "translate:ListLanguages": "it supports no resource types",
            "comprehend:DetectDominantLanguage": "it supports no resource types"}
# What SAM makes of a function's URL and an API's usage plan.
MADE_BY_SAM = {"ChangeFunctionUrl", "RestApiApiKey"}


def loader():
    """A YAML loader that reads !Ref and its kind, and takes no aliases and no key twice."""
    if not yaml:
        raise Skip("python3-yaml isn't installed")

    class Loader(yaml.SafeLoader):
        def compose_node(self, parent, index):
            # CloudFormation's YAML has no aliases.
            expect(not self.check_event(yaml.AliasEvent), "there is an alias: CloudFormation has none")
            return super().compose_node(parent, index)

    def read_map(self, node):
        keys = [self.construct_object(key) for key, _ in node.value]
        equal(len(keys), len(set(keys)), "keys of %r" % keys)
        return self.construct_mapping(node, True)

    def read_intrinsic(self, name, node):
        if isinstance(node, yaml.ScalarNode):
            value = self.construct_scalar(node)
        else:
            value = self.construct_sequence(node, True)
        if name == "GetAtt":
            value = value.split(".", 1)
        return {name if name == "Ref" else "Fn::" + name: value}

    Loader.add_constructor("tag:yaml.org,2002:map", read_map)
    Loader.add_multi_constructor("!", read_intrinsic)
    return Loader


def load(name):
    with open(os.path.join(FOLDER, name)) as file:
        return yaml.load(file, loader()) if loader() else None


def of_type(template, kind):
    return {name: resource for name, resource in template["Resources"].items()
            if resource["Type"] == kind}


def functions():
    """(template, name, properties with those of Globals) of each function."""
    for name in TEMPLATES:
        template = load(name)
        usual = template.get("Globals", {}).get("Function", {})
        for function, resource in of_type(template, "AWS::Serverless::Function").items():
            yield template, function, {**usual, **resource["Properties"]}, resource


def alarmed(template, metric, dimension):
    """Whether an alarm looks at this metric of what this dimension names, and tells the topic."""
    found = [alarm["Properties"] for alarm in of_type(template, "AWS::CloudWatch::Alarm").values()
             if alarm["Properties"]["MetricName"] == metric
             and dimension in alarm["Properties"]["Dimensions"]]
    for alarm in found:
        equal((alarm["Threshold"], alarm["EvaluationPeriods"], alarm["ComparisonOperator"]),
              (1, 1, "GreaterThanOrEqualToThreshold"), "the alarm on " + metric)
        equal(alarm["AlarmActions"]["Fn::If"][:2], ["HasAlarmTopic", [{"Ref": "AlarmTopic"}]], metric)
    return len(found) == 1


def test_functions_are_what_lambda_runs(_, __):
    names = []
    for template, name, properties, resource in functions():
        names.append(name)
        equal(properties["Runtime"], "provided.al2023", name)  # cfn-lint lets any provided.* pass
        equal(properties["Handler"], "bootstrap", name)
        equal(properties["CodeUri"], ".", name)
        equal(properties["Architectures"], [{"Ref": "Architecture"}], name)
        equal(resource["Metadata"], {"BuildMethod": "makefile"}, name)
        memory = properties["MemorySize"]
        for size in memory["Fn::If"][1:] if isinstance(memory, dict) else [memory]:
            expect(128 <= size <= 10240, name + "'s memory")
        # A gateway waits for 29 seconds.
        web = any(event["Type"] in ("Api", "HttpApi") for event in properties["Events"].values())
        expect(1 <= properties["Timeout"] <= (29 if web else 900), name + "'s time")
        equal(template["Parameters"]["Architecture"]["AllowedValues"], ["x86_64", "arm64"], name)
    equal(names, ["ChangeFunction", "HelloFunction", "TranslateFunction", "LabelsFunction"], "the functions")


def test_functions_have_a_log_and_alarms(_, __):
    for template, name, properties, _ in functions():
        group = properties["LoggingConfig"]["LogGroup"]["Ref"]
        logs = template["Resources"][group]
        equal(logs["Type"], "AWS::Logs::LogGroup", group)
        equal(logs["Properties"]["RetentionInDays"], {"Ref": "LogDays"}, group)
        equal(logs["Properties"]["LogGroupName"]["Fn::Sub"],
              "/aws/lambda/" + properties["FunctionName"]["Fn::Sub"], group)
        for metric in ("Errors", "Throttles"):
            expect(alarmed(template, metric, {"Name": "FunctionName", "Value": {"Ref": name}}),
                   "%s has an alarm on %s" % (name, metric))
        if "FunctionUrlConfig" in properties:
            expect(alarmed(template, "Url5xxCount", {"Name": "FunctionName", "Value": {"Ref": name}}),
                   "%s has an alarm on 5xx at its URL" % name)


def test_apis_are_limited_and_watched(_, __):
    template = load("template.yaml")
    http = of_type(template, "AWS::Serverless::HttpApi")["HttpApi"]["Properties"]
    rate, burst = {"Ref": "RequestsPerSecond"}, {"Ref": "RequestBurst"}
    equal(http["DefaultRouteSettings"],
          {"ThrottlingRateLimit": rate, "ThrottlingBurstLimit": burst}, "the HTTP API's limits")
    rest = of_type(template, "AWS::Serverless::Api")["RestApi"]["Properties"]
    equal(rest["Auth"]["ApiKeyRequired"], True, "the key")
    plan = rest["Auth"]["UsagePlan"]
    equal((plan["CreateUsagePlan"], plan["Throttle"]),
          ("PER_API", {"RateLimit": rate, "BurstLimit": burst}), "the usage plan")
    expect(alarmed(template, "5xx", {"Name": "ApiId", "Value": {"Ref": "HttpApi"}}), "HTTP API's 5xx")
    expect(alarmed(template, "5XXError", {"Name": "ApiName", "Value": rest["Name"]}), "REST API's 5xx")
    expect(alarmed(template, "5XXError", {"Name": "Stage", "Value": rest["StageName"]}), "its stage")


def test_events(_, __):
    def web(kind, path, **api):
        return {"Type": kind, "Properties": {**api, "Path": path, "Method": "ANY"}}

    http, rest = {"ApiId": {"Ref": "HttpApi"}}, {"RestApiId": {"Ref": "RestApi"}}
    events = {
        "ChangeFunction": {"Http": web("HttpApi", "/change", **http),
                           "Rest": web("Api", "/change", **rest)},
        "HelloFunction": {"Http": web("HttpApi", "/hello", **http),
                          "Hourly": {"Type": "Schedule", "Properties": {"Schedule": "rate(1 hour)",
                                                                        "Enabled": True}}},
        "TranslateFunction": {"Rest": web("Api", "/translate", **rest)},
        "LabelsFunction": {"Upload": {"Type": "S3", "Properties": {"Bucket": {"Ref": "Uploads"},
                                                                   "Events": "s3:ObjectCreated:*"}},
                           "Request": {"Type": "SQS", "Properties": {
                               "Queue": {"Fn::GetAtt": ["Requests", "Arn"]}, "BatchSize": 10,
                               "FunctionResponseTypes": ["ReportBatchItemFailures"]}}}}
    for template, name, properties, _ in functions():
        equal(properties["Events"], events[name], name)
        for event in properties["Events"].values():
            if event["Type"] == "SQS":
                # Sooner than that, Lambda's own retries would overlap with the queue's.
                queue = template["Resources"][event["Properties"]["Queue"]["Fn::GetAtt"][0]]
                expect(queue["Properties"]["VisibilityTimeout"] >= 6 * properties["Timeout"], name)
                expect(queue["Properties"]["RedrivePolicy"]["maxReceiveCount"] >= 2, name)


def statements():
    """(template's text, the function's name, statement) of what the role of each function may do."""
    for file in TEMPLATES:
        template = load(file)
        with open(os.path.join(FOLDER, file)) as opened:
            text = opened.read()
        for name, function in of_type(template, "AWS::Serverless::Function").items():
            properties = function["Properties"]
            # A role of SAM's own making may write to every log there is.
            expect("Policies" not in properties, name + " has a role of its own")
            role = template["Resources"][properties["Role"]["Fn::GetAtt"][0]]["Properties"]
            equal(set(role), {"AssumeRolePolicyDocument", "Policies"}, name + "'s role")
            for policy in role["Policies"]:
                for statement in policy["PolicyDocument"]["Statement"]:
                    yield text, name, properties, statement


def test_roles_may_do_what_they_need(_, __):
    logs = ["logs:CreateLogStream", "logs:PutLogEvents"]
    allowed = {"ChangeFunction": set(logs), "HelloFunction": set(logs),
               "TranslateFunction": {*logs, "translate:TranslateText", "translate:ListLanguages",
                                     "comprehend:DetectDominantLanguage"},
               "LabelsFunction": {*logs, "s3:GetObject", "sqs:ReceiveMessage", "sqs:DeleteMessage",
                                  "sqs:GetQueueAttributes", "sqs:SendMessage",
                                  "rekognition:DetectLabels"}}
    may = {}
    for text, name, properties, statement in statements():
        actions, resource = statement["Action"], statement["Resource"]
        actions = [actions] if isinstance(actions, str) else actions
        equal(set(statement), {"Effect", "Action", "Resource"}, name)
        may.setdefault(name, set()).update(actions)
        if resource == "*":
            expect(len(actions) == 1 and actions[0] in NAMELESS, "%s may %s to all" % (name, actions))
            expect(re.search("Action: %s\n *Resource: '\\*' # ." % actions[0], text), "say why")
        elif actions == logs:
            equal(resource, {"Fn::GetAtt": [properties["LoggingConfig"]["LogGroup"]["Ref"], "Arn"]}, name)
        else:
            expect(isinstance(resource, dict), "%s may %s to %r" % (name, actions, resource))
    equal(may, allowed, "what the functions may do")
    expect(not any("*" in action for actions in may.values() for action in actions), "a * in an action")


def named(value):
    """What a part of a template refers to: names of resources, parameters and conditions."""
    if isinstance(value, list):
        return {name for item in value for name in named(item)}
    if not isinstance(value, dict):
        return set()
    names = {name for item in value.values() for name in named(item)}
    for kind, what in value.items():
        if kind == "Ref":
            names.add(what)
        elif kind == "Fn::GetAtt":
            names.add(what[0])
        elif kind == "Fn::If":
            names.add(what[0])
        elif kind == "Fn::Sub":
            names.update(re.findall(r"\$\{([\w:]+)", what))
    return names


def test_what_is_named_is_there(_, __):
    for file in TEMPLATES:
        template = load(file)
        there = {name for part in ("Parameters", "Conditions", "Resources") for name in template[part]}
        names = {name for name in named(template) if not name.startswith("AWS::")}
        expect(len(names) > 8, "%d names" % len(names))
        equal(names - there - MADE_BY_SAM, set(), file)
        equal(set(template["Parameters"]) - names, set(), "parameters of %s that nobody reads" % file)


def test_the_sections_are_right(_, __):
    for file in TEMPLATES:
        template = load(file)
        expect(set(template) <= {"AWSTemplateFormatVersion", "Transform", "Description", "Parameters",
                                 "Conditions", "Globals", "Resources", "Outputs"}, list(template))
        equal((template["AWSTemplateFormatVersion"], template["Transform"]),
              ("2010-09-09", "AWS::Serverless-2016-10-31"), file)
        expect(0 < len(template["Description"]) <= 1024, "the description of " + file)
        for part in ("Parameters", "Conditions", "Resources", "Outputs"):
            for name in template[part]:
                expect(re.fullmatch("[A-Za-z0-9]{1,64}", name), name)
        for name, parameter in template["Parameters"].items():
            expect(set(parameter) <= {"Type", "Default", "AllowedValues", "MinValue", "Description"}, name)
            expect(parameter["Type"] in ("String", "Number"), name)
            value, kind = parameter["Default"], str if parameter["Type"] == "String" else int
            expect(type(value) is kind and value in parameter.get("AllowedValues", [value]), name)
            expect(kind is str or value >= parameter.get("MinValue", value), name)
        for name, resource in template["Resources"].items():
            expect(set(resource) <= {"Type", "Properties", "Metadata", "DependsOn", "Condition",
                                     "DeletionPolicy", "UpdateReplacePolicy"}, name)
            equal(resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy"), name)
            expect(resource.get("DeletionPolicy", "Retain") in ("Retain", "Snapshot"), name)
        for name, output in template["Outputs"].items():
            equal(set(output), {"Description", "Value"}, name)
        used = named(template["Resources"]) | {resource.get("Condition")
                                               for resource in template["Resources"].values()}
        equal(set(template["Conditions"]) - used, set(), "conditions that nobody reads")


def needs(template):
    """Which resources each waits for when the stack is made."""
    resources = template["Resources"]
    result = {}
    for name, resource in resources.items():
        after = resource.get("DependsOn", [])
        result[name] = named(resource["Properties"]) | set([after] if isinstance(after, str) else after)
    for name, function in of_type(template, "AWS::Serverless::Function").items():
        for event in function["Properties"]["Events"].values():
            if event["Type"] == "S3":  # SAM writes into the bucket whom it tells
                bucket = event["Properties"]["Bucket"]["Ref"]
                result[bucket] = result[bucket] | {name}
                result[name] = result[name] - {bucket}
    return {name: wanted & set(resources) for name, wanted in result.items()}


def circle(template):
    """Resources that wait for each other; none in a template that can be deployed."""
    waiting, ready = needs(template), True
    while ready:
        ready = {name for name, wanted in waiting.items() if not wanted & set(waiting)}
        waiting = {name: wanted for name, wanted in waiting.items() if name not in ready}
    return set(waiting)


def test_nothing_waits_for_itself(_, __):
    for file in TEMPLATES:
        equal(circle(load(file)), set(), file)
    template = load("template.yaml")
    template["Resources"]["HelloRole"]["Properties"]["Description"] = {"Ref": "HelloFunction"}
    expect({"HelloRole", "HelloFunction"} <= circle(template), "a circle isn't found")


def test_policies_are_documents(_, __):
    for file in TEMPLATES:
        for name, role in of_type(load(file), "AWS::IAM::Role").items():
            trust = role["Properties"]["AssumeRolePolicyDocument"]
            documents = [policy["PolicyDocument"] for policy in role["Properties"]["Policies"]]
            for document in [trust, *documents]:
                equal((set(document), document["Version"]), ({"Version", "Statement"}, "2012-10-17"), name)
                for statement in document["Statement"]:
                    equal(statement["Effect"], "Allow", name)
            equal([(statement["Principal"], statement["Action"]) for statement in trust["Statement"]],
                  [({"Service": "lambda.amazonaws.com"}, "sts:AssumeRole")], "who may be " + name)
            expect("arn:aws:" not in json.dumps(documents), "a partition of AWS is named by " + name)


def modules_of(build):
    """Where npm's packages for the checks lie."""
    folder = os.environ.get("DIME_TEMPLATE_MODULES", os.path.join(build, "template"))
    modules, why = fetch_modules(os.path.join(SOURCE, "tests", "template", "package.json"), folder)
    if why:
        raise Skip(why)
    return modules


def test_dockerfile(folder, program):
    """dockerfile-utils, which Docker's editor tools stand on, finds nothing in it; and it can find."""
    lint = os.path.join(modules_of(os.path.dirname(program)), ".bin", "dockerfile-utils")
    shipped = os.path.join(FOLDER, "Dockerfile")
    wrong = os.path.join(folder, "Dockerfile")
    with open(shipped, encoding="utf-8") as good, open(wrong, "w", encoding="utf-8") as bad:
        bad.write(good.read().replace("ENTRYPOINT", "ENTRYPONIT"))
    for path, clean in ((shipped, True), (wrong, False)):
        done = subprocess.run(["node", lint, "lint", path], capture_output=True, text=True, check=False)
        equal((done.returncode == 0, not done.stdout.strip()), (clean, clean), path + ": " + done.stdout[:300])


def wrong_properties(build, template):
    modules = modules_of(build)
    done = subprocess.run(["node", os.path.join(SOURCE, "tests", "template", "types.js")],
                          input=json.dumps(template), env={**os.environ, "NODE_PATH": modules},
                          capture_output=True, text=True, check=False)
    equal((done.returncode, done.stderr), (0, ""), "the check of types")
    return done.stdout.splitlines()


def test_properties_are_of_the_published_types(_, program):
    for name in TEMPLATES:
        equal(wrong_properties(os.path.dirname(program), load(name)), [], name)


def test_the_types_find_mistakes(_, program):
    def put(template, path, value):
        *way, last = path.split(".")
        place = template["Resources"]
        for word in way:
            place = place[word]
        place[last] = value

    for path, value, part in (
            ("ChangeFunction.Properties.Runtimes", "x", "no property Runtimes"),
            ("ChangeFunction.Properties.MemorySize", "much", "MemorySize must be of the type"),
            ("ChangeFunction.Properties.LoggingConfig.Format", "JSON", "no property Format"),
            ("ChangeFunction.Properties.Events.Http.Type", "Htpp", "no event that SAM knows"),
            ("ChangeFunction.Properties.Events.Http.Properties.Paths", "/", "no property Paths"),
            ("HelloFunction.Properties.Events.Hourly.Properties.Schedule", [], "must be of the type"),
            ("RestApi.Properties.Auth.UsagePlan.Throttle.Rate", 5, "no property Rate"),
            ("RestApi.Properties", {}, "lacks StageName"),
            ("HelloLogs.Type", "AWS::Logs::Group", "of no type"),
            ("HelloRole.Properties.Policies", {}, "Policies must be a list"),
            ("ChangeErrors.Properties.AlarmActions", {"Fn::If": ["A", "topic", ["topic"]]},
             "AlarmActions must be a list"),
            ("ChangeLogs.Properties.RetentionInDays", 8, "RetentionInDays is none of 1, 3, 5"),
            ("ChangeLogs.Properties.RetentionInDays", {"Ref": "RequestsPerSecond"}, "is none of"),
            ("HelloFunction.Properties.Role", {"Fn::GetAtt": ["HelloRole", "Name"]},
             "HelloRole has no attribute Name")):
        template = load("template.yaml")
        put(template, path, value)
        wrong = wrong_properties(os.path.dirname(program), template)
        expect(len(wrong) == 1 and part in wrong[0], "%s = %r: %r" % (path, value, wrong))


def run_tool(*command):
    if not shutil.which(command[0]):
        raise Skip("%s isn't installed, and neither Debian nor npm has it" % command[0])
    for name in TEMPLATES:
        done = subprocess.run([*command, os.path.join(FOLDER, name)], capture_output=True, text=True,
                              check=False, stdin=subprocess.DEVNULL)
        equal(done.returncode, 0, "%s: %s" % (name, done.stdout + done.stderr))


def test_cfn_lint(_, __):
    # W3005 finds a DependsOn too many, which SAM itself puts beside the key and the usage plan.
    run_tool("cfn-lint", "--regions", "eu-central-1", "--ignore-checks", "W3005", "--template")


def test_sam_validate(_, __):
    run_tool("sam", "validate", "--region", "eu-central-1", "--template")


def test_sam_translator(_, __):
    try:
        from samtranslator.parser.parser import Parser
        from samtranslator.translator.translator import Translator
    except ImportError:
        raise Skip("aws-sam-translator isn't installed, and neither Debian nor npm has it") from None
    os.environ.setdefault("AWS_DEFAULT_REGION", "eu-central-1")
    for name in TEMPLATES:
        template = load(name)
        for function in of_type(template, "AWS::Serverless::Function").values():
            # As `sam package` leaves it: code that has been uploaded.
            function["Properties"]["CodeUri"] = "s3://code/zip"
        parameters = {key: value["Default"] for key, value in template["Parameters"].items()}
        made = Translator({}, Parser()).translate(template, parameters)
        expect(not of_type(made, "AWS::Serverless::Function"), "SAM's types are gone from " + name)


def machine():
    return "arm64" if platform.machine() == "aarch64" else platform.machine()


class Build:
    """A target of the Makefile as SAM runs it: in a copy of the folder, by the Makefile's own name."""

    def __init__(self, folder, build, target, **more):
        self.artifacts = os.path.join(folder, "artifacts", target)
        scratch = os.path.join(folder, "scratch-" + target)
        shutil.copytree(FOLDER, scratch, dirs_exist_ok=True)
        environment = {name: value for name, value in os.environ.items() if "MAKE" not in name}
        environment.update({"ARTIFACTS_DIR": self.artifacts, "DIME_BUILD": build, **more})
        self.process = subprocess.Popen(
            ["make", "--makefile", os.path.join(FOLDER, "Makefile"), "build-" + target], cwd=scratch,
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def finish(self):
        output = self.process.communicate()[0]
        return self.process.returncode, output


def can_build(build):
    with open(os.path.join(build, "Makefile")) as file:
        if not re.search("^lambda:", file.read(), re.MULTILINE):
            raise Skip("there is no `make lambda` in this tree")
    for tool in ("make", "flock", "unzip", "zip"):
        if not shutil.which(tool):
            raise Skip(tool + " isn't installed")


def test_the_makefile_builds_as_sam_does(folder, program):
    build = os.path.dirname(program)
    can_build(build)
    # Both at once, as `sam build --parallel` starts them.
    started = [(name, Build(folder, build, target)) for name, target in
               (("change", "ChangeFunction"), ("hello", "HelloFunction"))]
    done = [(name, made, *made.finish()) for name, made in started]
    for name, made, status, output in done:
        if status and "can't be had" in output:
            raise Skip("the source of curl can't be had here")
        equal(status, 0, output)
        with zipfile.ZipFile(os.path.join(build, "dist", "%s-%s.zip" % (name, machine()))) as packed:
            equal(sorted(os.listdir(made.artifacts)), sorted(packed.namelist()), "the artifacts")
            with open(os.path.join(made.artifacts, "bootstrap"), "rb") as file:
                content = file.read()
            equal(content, packed.read("bootstrap"), "bootstrap")
        expect(content.startswith(b"\x7fELF") and len(content) > 20000, "bootstrap is a program")
        expect(os.access(os.path.join(made.artifacts, "bootstrap"), os.X_OK), "it can be run")


def test_the_makefile_says_what_is_wrong(folder, program):
    build = os.path.dirname(program)
    for more, part in (({"ARTIFACTS_DIR": ""}, "set ARTIFACTS_DIR"),
                       ({"ARCHITECTURE": "mips"}, "x86_64 or arm64, not mips"),
                       ({"DIME_SOURCE": "/nowhere"}, "isn't at /nowhere: build without --use-container")):
        status, output = Build(folder, build, "ChangeFunction", **more).finish()
        expect(status != 0 and part in output, "%r: %s" % (more, output))


def test_every_function_has_its_target(_, __):
    with open(os.path.join(FOLDER, "Makefile")) as file:
        makefile = file.read()
    with open(os.path.join(SOURCE, "Makefile.am")) as file:
        programs = re.findall(r"^function_PROGRAMS \+?= (.*)$", file.read(), re.MULTILINE)
    programs = " ".join(programs).split()
    absent = []
    for _, name, _, _ in functions():
        function = re.search("^build-%s: FUNCTION = (.*)$" % name, makefile, re.MULTILINE)
        expect(function, "the Makefile builds " + name)
        if function[1].replace("$(LOCAL)", "") not in programs:
            absent.append(function[1])
    if absent:
        raise Skip("no function of this tree: " + ", ".join(absent))


if __name__ == "__main__":
    main([value for name, value in list(globals().items()) if name.startswith("test_")], "dime", 1200)
