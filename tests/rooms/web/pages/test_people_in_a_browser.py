"""Members, users, groups, keys and sessions in a real browser, by an admin and by a reader."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from tests.browser import PATIENCE, Visitor

import modelyard
from modelyard import errors

pytestmark = pytest.mark.slow
expect.set_options(timeout=PATIENCE)
PASSWORD = "correct horse battery"
HOSTILE = "<script>alert('no')</script>"


@pytest.fixture(scope="module")
def people(site):
    """A group with a user in it, keys, members and variables."""
    yard = site.yard
    yard.users.create(name="mei", display_name=HOSTILE, email="mei@example.org")
    yard.groups.create(
        name="analysts", description=HOSTILE, users=["mei"], rights=["projects:write"]
    )
    yard.members.add(project="flights", name="analysts", kind="group", role="contributor")
    yard.keys.create(name="nightly", user="mei", projects=["flights"], rights=["models:read"])
    old = yard.keys.create(name="old", user="mei", days=0)
    yard.keys.revoke(id=old.id)
    yard.projects.update(key="flights", variables={"region": HOSTILE})


@pytest.mark.parametrize(
    "path",
    [
        "/projects/flights/settings",
        "/projects/flights/members/add",
        "/users",
        "/users/new",
        "/users/mei",
        "/groups",
        "/groups/analysts",
        "/keys",
        "/sessions",
        "/account",
        "/account/keys/new",
    ],
)
def test_a_page_is_fit_to_be_seen(ana, people, shots, path):
    ana.look_at(path, shots)


def test_a_member_is_added_changed_and_removed(ana, people, site):
    page = ana.page
    page.goto("/projects/flights/settings")
    page.get_by_role("link", name="Add member").click()
    page.get_by_label("Name").fill("nobody")
    page.get_by_role("button", name="Add member").click()
    expect(page.get_by_role("alert")).to_contain_text("no user 'nobody'")
    ana.complaints.clear()  # browsers complain of the status 404
    page.get_by_label("Name").fill("mei")
    page.get_by_role("button", name="Add member").click()
    expect(page.get_by_role("status")).to_contain_text("mei is reader now.")
    row = page.get_by_role("row", name="mei")
    row.get_by_role("link", name="Change").click()
    page.get_by_label("Role").select_option("admin")
    page.get_by_role("button", name="Change role").click()
    expect(page.get_by_role("status")).to_contain_text("mei is admin now.")
    row.get_by_role("link", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_role("status")).to_contain_text("The member is removed.")
    assert "mei" not in {each.name for each in site.yard.members.list(project="flights")}


def test_a_user_is_made_put_into_groups_and_shut_out(browser, ana, people, site):
    page = ana.page
    page.goto("/users/new")
    page.get_by_label("Name", exact=True).fill("ida")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("analysts").check()
    page.get_by_role("button", name="Create user").click()
    expect(page.get_by_role("status")).to_contain_text("User ida is created.")
    assert site.yard.users.show(name="ida").groups == ("analysts",)
    ida = Visitor(browser, site.url)
    ida.sign_in("ida", PASSWORD)
    page.reload()
    expect(page.get_by_text("signed in just now")).to_be_visible()
    page.get_by_label("More actions").click()
    page.get_by_role("link", name="Shut out").click()
    page.get_by_role("dialog").get_by_role("button", name="Shut out").click()
    expect(page.get_by_text("Not active", exact=True)).to_be_visible()
    ida.page.goto("/projects")
    ida.page.wait_for_url(lambda url: "/login" in url)
    ida.close()


def test_a_group_is_given_users_and_loses_them(ana, people, site):
    page = ana.page
    page.goto("/groups/analysts/users/add")
    page.get_by_label("rob").check()
    page.get_by_role("button", name="Add users").click()
    expect(page.get_by_role("link", name="rob")).to_be_visible()
    item = page.get_by_role("listitem").filter(has_text="rob")
    item.get_by_role("link", name="Take out").click()
    page.get_by_role("dialog").get_by_role("button", name="Take out").click()
    expect(page.get_by_role("status")).to_contain_text("no longer in the group")
    assert "rob" not in site.yard.groups.show(name="analysts").users


def test_a_secret_is_shown_once_and_the_key_revoked(rob, site):
    page = rob.page
    page.goto("/account/keys/new")
    page.get_by_label("What it is for").fill("robs-notebook")
    page.get_by_role("checkbox", name="flights").check()
    page.get_by_role("button", name="Make key").click()
    secret = page.locator("pre").first.inner_text()
    assert secret not in page.url
    with modelyard.connect(site.url, api_key=secret) as yard:
        assert yard.account.show().key.projects == ("flights",)
    assert secret not in site.log
    assert secret not in str(rob.context.cookies())
    assert secret not in str(site.yard.audit.list(action="keys.create"))
    page.get_by_role("link", name="Done").click()
    expect(page.get_by_text("robs-notebook", exact=True)).to_be_visible()
    assert secret not in page.content()
    page.get_by_role("link", name="Revoke").click()
    page.get_by_role("button", name="Revoke key").click()
    expect(page.get_by_role("status")).to_contain_text("The key robs-notebook is revoked.")
    with modelyard.connect(site.url, api_key=secret) as yard, pytest.raises(errors.Unauthenticated):
        yard.account.show()


def test_a_reader_sees_who_is_in_the_project_and_nothing_of_the_instance(rob, people):
    page = rob.page
    page.goto("/projects/flights/settings")
    expect(page.get_by_text("analysts")).to_be_visible()
    expect(page.get_by_role("link", name="Add member")).to_have_count(0)
    for name in ("Users", "Groups", "API keys", "Sessions"):
        expect(page.get_by_role("link", name=name, exact=True)).to_have_count(0)
    for path in ("/users", "/users/ana", "/groups", "/keys", "/sessions"):
        assert page.goto(path).status == 403
        assert page.request.get(f"{path}.json").status == 403
