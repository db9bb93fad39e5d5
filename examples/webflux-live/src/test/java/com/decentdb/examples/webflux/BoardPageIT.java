package com.decentdb.examples.webflux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;
import org.openqa.selenium.Dimension;
import org.openqa.selenium.Keys;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.WindowType;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.support.ui.WebDriverWait;

/** The page in a real browser: two tabs of one headless Chromium. */
class BoardPageIT {

    private static final Path BROWSER = Path.of("/usr/bin/chromium");
    private static final Path DRIVER = Path.of("/usr/bin/chromedriver");
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    Path directory;

    private Server server;
    private ChromeDriver browser;
    private String here;
    private String there;

    /** Where tests decide about a change there has to be a browser; a newcomer's machine may have none. */
    @BeforeAll
    static void findBrowser() {
        boolean found = Files.isExecutable(BROWSER) && Files.isExecutable(DRIVER);
        boolean needed = System.getenv("CI") != null;
        assumeTrue(found || needed, "Not run without a browser: apt-get install chromium chromium-driver");
        assertThat(found).as("chromium and chromedriver in /usr/bin").isTrue();
    }

    @BeforeEach
    void openTwoTabs() {
        server = Server.start(directory);
        ChromeOptions options = new ChromeOptions();
        options.setBinary(BROWSER.toFile());
        options.addArguments(
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--no-first-run",
                "--window-size=1280,900",
                "--user-data-dir=" + directory.resolve("profile"));
        ChromeDriverService service = new ChromeDriverService.Builder()
                .usingDriverExecutable(DRIVER.toFile())
                .build();
        browser = new ChromeDriver(service, options);
        here = open();
        browser.switchTo().newWindow(WindowType.TAB);
        there = open();
    }

    @AfterEach
    void close() {
        browser.quit();
        server.close();
    }

    @Test
    void aChangeInOneTabAppearsInTheOther() {
        add("buy milk");
        add("write tests");
        in(there);
        waitFor("both items", () -> titles().equals(List.of("buy milk", "write tests")));

        button("Move down: buy milk").click();
        in(here);
        waitFor("the new order", () -> titles().equals(List.of("write tests", "buy milk")));

        find("[aria-label='buy milk is done']").click();
        in(there);
        waitFor("the check mark", () -> find("[aria-label='buy milk is done']").isSelected());
        waitFor("the summary", () -> find("#summary").getText().equals("1 of 2 to do"));

        find("[aria-label='Title of write tests']").sendKeys(Keys.END, " first", Keys.ENTER);
        in(here);
        waitFor("the new title", () -> titles().equals(List.of("write tests first", "buy milk")));

        button("Delete: buy milk").click();
        in(there);
        waitFor("the deletion", () -> titles().equals(List.of("write tests first")));
    }

    @Test
    void whatSomebodyTypesIsNotTakenFromThemByAChangeElsewhere() {
        add("draft");
        in(there);
        waitFor("the item", () -> titles().equals(List.of("draft")));
        find("[aria-label='Title of draft']").sendKeys(Keys.END, " in progress");

        in(here);
        add("another");
        in(there);
        waitFor("the other item", () -> titles().equals(List.of("draft in progress", "another")));
        find("li .title").sendKeys(Keys.ESCAPE);
        waitFor("the old title", () -> titles().equals(List.of("draft", "another")));
    }

    @Test
    void thePageShowsWhetherItIsConnectedAndSurvivesARestartOfTheServer() {
        add("before");
        server.close();
        waitFor("the loss of the connection", () -> state().equals("Reconnecting"));
        in(there);
        waitFor("the loss of the connection", () -> state().equals("Reconnecting"));
        find("#title").sendKeys("during", Keys.ENTER);
        waitFor("the problem", () -> find("#problem").getText().contains("cannot be reached"));

        server = Server.start(directory, server.port());
        waitFor("the connection", () -> state().equals("Live"));
        assertThat(titles()).containsExactly("before");
        find("#title").sendKeys(Keys.ENTER);
        in(here);
        waitFor("what was typed meanwhile", () -> titles().equals(List.of("before", "during")));
    }

    @Test
    void whatTheServerRefusesIsSaidAndNotShown() {
        add("fine");
        find("li .title").sendKeys(Keys.chord(Keys.CONTROL, "a"), " ", Keys.ENTER);

        waitFor("the reason", () -> find("#problem").getText().contains("1 to 200 characters"));
        waitFor("the old title", () -> titles().equals(List.of("fine")));
    }

    @Test
    void theLayoutFitsWideAndNarrowWindows() throws IOException {
        add("Water the plants");
        add("A title that is a good deal longer than a narrow window is wide, to see what becomes of it");
        add("Call the dentist");
        find("[aria-label='Water the plants is done']").click();
        waitFor("the summary", () -> find("#summary").getText().equals("2 of 3 to do"));

        for (int width : List.of(1280, 360)) {
            browser.manage().window().setSize(new Dimension(width, 900));
            Object overflow = browser.executeScript(
                    "return document.documentElement.scrollWidth - document.documentElement.clientWidth");
            Files.write(Path.of("target", "board-" + width + ".png"), browser.getScreenshotAs(OutputType.BYTES));
            assertThat(overflow).as("pixels beyond a width of " + width).isEqualTo(0L);
        }
    }

    private String open() {
        browser.get(server.url());
        waitFor("the connection", () -> state().equals("Live"));
        return browser.getWindowHandle();
    }

    private void in(String tab) {
        browser.switchTo().window(tab);
    }

    private void add(String title) {
        find("#title").sendKeys(title, Keys.ENTER);
        waitFor(title, () -> titles().contains(title));
    }

    private String state() {
        return find("#connection").getText();
    }

    private List<String> titles() {
        return browser.findElements(By.cssSelector("li .title")).stream()
                .map(element -> String.valueOf(element.getDomProperty("value")))
                .toList();
    }

    private WebElement button(String label) {
        return find("button[aria-label='" + label + "']");
    }

    private WebElement find(String selector) {
        return browser.findElement(By.cssSelector(selector));
    }

    private void waitFor(String what, Supplier<Boolean> condition) {
        new WebDriverWait(browser, PATIENCE, Duration.ofMillis(50))
                .ignoring(StaleElementReferenceException.class)
                .withMessage(what)
                .until(page -> condition.get());
    }
}
